//! The program as a process: started, used, asked to stop.
#![cfg(test)]

mod commands;
mod failing;
mod grants;
mod limits;
mod running;
mod starting;
mod stopping;
