//! The routes of a function, listed once.

/// Makes of a list of routes a function's `ROUTES`, as API Gateway has them, its `routes()`, as axum has them, and with the
/// feature `openapi` its `openapi()`, what the document says of them.
#[macro_export]
macro_rules! routes {
    ($($path:literal => $($method:ident $($handler:ident)::+),+;)+) => {
        /// The routes that API Gateway sends here.
        pub const ROUTES: &[&str] = &[$($(concat!(stringify!($method), " ", $path)),+),+];

        fn routes() -> ::axum::Router<$crate::Waymark> {
            ::axum::Router::new()$(.route(
                $path,
                ::axum::routing::MethodRouter::new()
                    $(.on(::axum::routing::MethodFilter::$method, $($handler)::+))+,
            ))+
        }

        /// What the OpenAPI document says of the routes.
        #[cfg(feature = "openapi")]
        pub fn openapi() -> ::utoipa::openapi::OpenApi {
            ::utoipa_axum::router::OpenApiRouter::<$crate::Waymark>::new()
                $(.routes(::utoipa_axum::routes!($($($handler)::+),+)))+
                .into_openapi()
        }
    };
}
