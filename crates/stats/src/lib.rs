//! Estimators. Nearly empty until improvements arrive.
