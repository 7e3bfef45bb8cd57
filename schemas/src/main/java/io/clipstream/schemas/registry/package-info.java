/** A schema registry inside the process, for the demo and for tests. */
package io.clipstream.schemas.registry;
