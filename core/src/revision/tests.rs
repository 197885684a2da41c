mod alembic;
mod baseline;
mod file;
mod graph;
mod prefix;
mod property;
mod split;
