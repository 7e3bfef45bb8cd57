package io.clipstream.schemas.serde;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * Time and allocation of one record on one thread, after warm-up. Not a test: run {@code main} with
 * the test class path.
 */
public final class SerdeBenchmark {
  private static final int WARM_UP = 500_000;
  private static final int RECORDS = 2_000_000;

  private SerdeBenchmark() {}

  public static void main(String[] args) {
    try (EmbeddedRegistry registry = new EmbeddedRegistry(0);
        AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(Map.of("schema.registry.url", registry.url()), false);
      for (SpecificRecord record : List.of(Examples.reference(), Examples.labels())) {
        String name = record.getSchema().getName();
        byte[] bytes = serde.serializer().serialize(name, record);
        measure(
            name + " serialise", bytes.length, () -> serde.serializer().serialize(name, record));
        measure(
            name + " deserialise",
            bytes.length,
            () -> serde.deserializer().deserialize(name, bytes));
      }
    }
  }

  private interface Work {
    Object once();
  }

  private static void measure(String what, int size, Work work) {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int sink = 0;
    for (int i = 0; i < WARM_UP; i++) {
      sink += work.once().hashCode() & 1;
    }
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    for (int i = 0; i < RECORDS; i++) {
      sink += work.once() == null ? 1 : 0;
    }
    long nanos = System.nanoTime() - start;
    System.out.printf(
        "%-28s %4d bytes  %6.0f ns/record  %6d bytes allocated/record (%d)%n",
        what,
        size,
        (double) nanos / RECORDS,
        (threads.getCurrentThreadAllocatedBytes() - allocated) / RECORDS,
        sink);
  }
}
