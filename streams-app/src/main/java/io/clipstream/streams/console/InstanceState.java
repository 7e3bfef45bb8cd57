package io.clipstream.streams.console;

import java.util.List;

/**
 * How this instance is.
 *
 * @param streams state of Kafka Streams, such as {@code RUNNING}
 * @param pending references that were taken and have no outcome yet
 * @param unread those of them that wait for the schema registry
 * @param open whether more are taken
 * @param outOfOrder what videos wait for, the oldest first
 * @param suspects pending references that processes died with
 */
public record InstanceState(
    String streams,
    int pending,
    int unread,
    boolean open,
    List<OutOfOrder> outOfOrder,
    List<Suspect> suspects) {

  public InstanceState {
    outOfOrder = List.copyOf(outOfOrder);
    suspects = List.copyOf(suspects);
  }

  /**
   * A host or a file root that its videos wait for.
   *
   * @param origin as people know it
   * @param problem in a few words
   * @param sinceMillis how long
   * @param retryMillis when one of its videos is tried again
   * @param videos that wait
   */
  public record OutOfOrder(
      String origin, String problem, long sinceMillis, long retryMillis, int videos) {}

  /**
   * A reference whose video may be what ends processes; it is tried alone.
   *
   * @param partition of the references' topic
   * @param deaths of processes while they worked on it
   */
  public record Suspect(int partition, long offset, int deaths) {}
}
