//! An app inside a test, builders, a clock that tests move, both stores.
//!
//! [`store`] gives every test both engines, a tenant to work in and a judge of what came of it.
//! Nothing here is for production: it panics where a test should stop.
//!
//! Start at [`store::for_each_store`] and [`scene::Scene`]; for whole requests, with the feature
//! `app`, at `app::TestApp`.

#[cfg(feature = "app")]
pub mod app;
pub mod clock;
pub mod scene;
pub mod store;
pub mod verify;

#[cfg(feature = "app")]
pub use self::app::{Reply, TestApp, in_every_app};
pub use ::store::Store;

pub use self::{
    clock::MovableClock,
    scene::{LaneOf, Scene, day, in_each_scene, put_in},
    store::{TestStore, for_each_store, stores},
    verify::verify,
};

/// How long searches of tests wait for their index: a busy machine makes a test slow, not wrong.
pub const SEARCH_WAIT: std::time::Duration = std::time::Duration::from_secs(60);
