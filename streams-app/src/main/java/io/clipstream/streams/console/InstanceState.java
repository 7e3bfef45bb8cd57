package io.clipstream.streams.console;

/**
 * How this instance is.
 *
 * @param streams state of Kafka Streams, such as {@code RUNNING}
 * @param pending references that were taken and have no outcome yet
 * @param unread those of them that wait for the schema registry
 * @param open whether more are taken
 */
public record InstanceState(String streams, int pending, int unread, boolean open) {}
