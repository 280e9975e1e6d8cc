//! The program as a process: started, used, asked to stop.
#![cfg(test)]

mod commands;
mod limits;
mod running;
mod starting;
mod stopping;
