//! The journal, tested from outside: histories, tampering, the program.

#![cfg(test)]

mod command;
mod history;
mod tampering;
