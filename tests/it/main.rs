//! Integration tests: the functions' routers over the embedded engines, through the real SDK.

mod lambda_main;
mod story;
mod support;
