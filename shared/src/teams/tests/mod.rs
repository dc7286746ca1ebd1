//! Tests of reports as Teams sees them.

mod cards;
