//! How far cases run as a model says.
