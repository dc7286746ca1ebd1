//! The planner, in tables, properties and histories.

mod conversion;
mod histories;
mod life;
