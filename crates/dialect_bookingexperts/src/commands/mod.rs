//! Commands: the buttons of apps. Somebody presses one, the app is asked, and its answer is one of four: go
//! there, show this in a frame, say this, warn of this.
//!
//! [`endpoints`] has the calls, [`payload`] what the app is asked with, [`answer`] what it may answer.

pub mod answer;
pub mod endpoints;
mod payload;
