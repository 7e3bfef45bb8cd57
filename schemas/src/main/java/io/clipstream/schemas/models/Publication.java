package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelRelease;

/**
 * A release that is in the log.
 *
 * @param written false if it was there already, with the same artifact: nothing was written
 */
public record Publication(ModelRelease release, boolean written) {}
