package io.clipstream.streams.intake;

import io.clipstream.model.fetch.Origin;
import java.time.Duration;

/**
 * An origin that is out of order.
 *
 * @param problem in a few words
 * @param since how long
 * @param retryIn when it is tried again; zero: now
 * @param waiting videos of it that wait
 */
public record Trouble(
    Origin origin, String problem, Duration since, Duration retryIn, int waiting) {}
