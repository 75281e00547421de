//! The routes of a function, listed once.

/// Makes of a list of routes a function's `ROUTES`, as API Gateway has them, its `routes()`, as axum has them, and with the
/// feature `openapi` its `openapi()`, what the document says of them.
///
/// With every GET comes a HEAD (RFC 9110, section 9.3.2): API Gateway needs a route of its own for it, axum and the
/// document do not.
#[macro_export]
macro_rules! routes {
    (@lines [$($line:expr),*]) => { &[$($line),*] };
    (@lines [$($line:expr),*] GET $path:literal; $($rest:tt)*) => {
        $crate::routes!(@lines [$($line,)* concat!("GET ", $path), concat!("HEAD ", $path)] $($rest)*)
    };
    (@lines [$($line:expr),*] $method:ident $path:literal; $($rest:tt)*) => {
        $crate::routes!(@lines [$($line,)* concat!(stringify!($method), " ", $path)] $($rest)*)
    };
    ($($path:literal => $($method:ident $($handler:ident)::+),+;)+) => {
        /// The routes that API Gateway sends here.
        pub const ROUTES: &[&str] = $crate::routes!(@lines [] $($($method $path;)+)+);

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
