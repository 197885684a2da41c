//! Resolvers, by tables of requests.
