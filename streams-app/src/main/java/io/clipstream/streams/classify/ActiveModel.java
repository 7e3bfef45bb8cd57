package io.clipstream.streams.classify;

/**
 * The version of a model that labels its videos now.
 *
 * @param rollout that chose it; 0: none did
 */
public record ActiveModel(ServedModel model, long rollout) {}
