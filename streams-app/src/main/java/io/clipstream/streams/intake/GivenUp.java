package io.clipstream.streams.intake;

import io.clipstream.model.fetch.FetchReason;

/**
 * Why a guest waited too long.
 *
 * @param detail one line, without the guest's name
 * @param attempts that were made for it, at least 1
 */
public record GivenUp(FetchReason reason, String detail, int attempts) {}
