//! The engine as a whole, over the types of a small holiday park.
#![cfg(test)]

mod chance;
mod described;
mod filters;
mod filters_by_chance;
mod includes;
mod requests;
mod schemas;
mod section_18;
mod section_18_queries;
mod section_18_writing;
mod world;
