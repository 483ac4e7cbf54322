//! What Tenon does, before it has pages, endpoints or commands.

pub mod app;
pub mod assets;
pub mod connect;
pub mod delivery;
pub mod desk;
pub mod exports;
pub mod improvements;
pub mod intake;
pub mod jobs;
pub mod keeping;
pub mod mailing;
pub mod map;
pub mod processes;
pub mod sample;
pub mod settings;
pub mod share;
pub mod work;
