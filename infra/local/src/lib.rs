//! The whole service on one machine.
//!
//! [`engines`] are an embedded DynamoDB and an embedded S3, each on a loopback port; [`logs`] says what is logged; [`provision`] puts the table
//! and the buckets into them; [`gateway`] plays an API Gateway HTTP API in front of the functions; [`token`] makes
//! and checks the tokens that it asks for; [`backups`] plays the schedule and its queue; [`sample`]
//! fills a new data folder. [`service`] puts them together, and the binary `waymark` starts that.

pub mod backups;
pub mod cli;
pub mod data_dir;
pub mod engines;
pub mod gateway;
pub mod logs;
pub mod provision;
pub mod rebuild;
pub mod sample;
pub mod secrets;
pub mod server;
pub mod service;
pub mod token;
