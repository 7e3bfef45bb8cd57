package io.clipstream.streams.topology;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The records of one task that were taken and have no outcome yet, in a changelogged store: what a
 * crash or a rebalance must not lose. Holds references as they came, never pixels. Stream thread
 * only.
 *
 * <p>Store keys are slot numbers, the lowest free one first, so that few keys are ever in use and
 * compaction keeps the changelog small; a key for every record would leave a tombstone for every
 * record. Order is by a sequence number in the value. The store lives in memory, as all that it
 * holds is in flight; an instance therefore has no state on disk.
 *
 * <p>Layout of a value, big-endian, lengths -1 for null: sequence, offset and timestamp int64 each,
 * key (length int32, bytes), headers (count int32, each with key and value as length int32, bytes),
 * value (length int32, bytes); then, if processes died with the video in work or one works on it
 * now ({@link Attempts}) or it waits, deaths int32 and that process's UUID, 0 if there is none; and
 * then, if it waits for its host or root, since when, milliseconds since 1970 int64. Readers that
 * do not know these ends pass over them.
 */
public final class PendingVideos {
  /** Largest record of the changelog, as brokers count it: a reference, and what is added. */
  public static final int MAX_RECORD_BYTES = ClassifyProcessor.MAX_REFERENCE_BYTES + (64 << 10);

  static final String STORE = "pending-videos";

  /** Of the deaths and the process. */
  private static final int COUNT_BYTES = Integer.BYTES + 2 * Long.BYTES;

  private static final UUID NOBODY = new UUID(0, 0);

  /** Times since when a video waits that differ by less are the same: no write is worth it. */
  private static final long SAME_MILLIS = 10_000;

  private final KeyValueStore<Integer, byte[]> store;
  private final BitSet slots = new BitSet();

  /** Of slots whose video is worked on, the process that does. */
  private final Map<Integer, UUID> workers = new HashMap<>();

  /** Of slots whose video waits for its host or root, since when. */
  private final Map<Integer, Long> waits = new HashMap<>();

  private long nextSequence;

  PendingVideos(KeyValueStore<Integer, byte[]> store) {
    this.store = store;
  }

  /**
   * A record in the store.
   *
   * @param sequence grows in the order of the input
   * @param offset of the record in its partition
   * @param deaths of processes while they worked on the video, as far as is known
   * @param waitsSince when its host or root was out of order, as an earlier owner of the task left
   *     it, in milliseconds since 1970; 0: it did not wait
   */
  public record Entry(
      int slot,
      long sequence,
      long offset,
      Record<byte[], byte[]> record,
      int deaths,
      long waitsSince) {

    /** For how long it had waited when this instance took it. */
    Duration waited(long now) {
      return waitsSince == 0 ? Duration.ZERO : Duration.ofMillis(Math.max(0, now - waitsSince));
    }

    /** Of the record when it goes back to the input: who takes it next knows what is known now. */
    public Headers headersBack() {
      return new Known(deaths, waitsSince).addTo(record.headers());
    }
  }

  /** The topic that keeps what is pending of an application: slot (int32) to value. */
  public static String changelog(String applicationId) {
    return applicationId + "-" + STORE + "-changelog";
  }

  /** What the changelog of a task holds, in the order of its input. */
  public static List<Entry> decode(Map<Integer, byte[]> slots) {
    return slots.entrySet().stream()
        .map(slot -> decode(slot.getKey(), slot.getValue(), NOBODY))
        .sorted(Comparator.comparingLong(Entry::sequence))
        .toList();
  }

  static StoreBuilder<KeyValueStore<Integer, byte[]>> store() {
    return Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore(STORE), Serdes.Integer(), Serdes.ByteArray())
        .withCachingDisabled()
        // The part of a changelog that is not compacted is read at every start: keep it short.
        .withLoggingEnabled(
            Map.of(
                "segment.bytes",
                "16777216",
                "min.cleanable.dirty.ratio",
                "0.1",
                // Kafka's usual limit, whatever the brokers' own is.
                "max.message.bytes",
                "1048588"));
  }

  /**
   * Reads what an earlier owner of the task left, in the order of its input. Once, at first.
   *
   * @param process this one: any other one whose mark is found died with the video in work
   */
  List<Entry> recover(UUID process) {
    List<Entry> entries = new ArrayList<>();
    try (KeyValueIterator<Integer, byte[]> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<Integer, byte[]> next = all.next();
        Entry entry = decode(next.key, next.value, process);
        entries.add(entry);
        slots.set(next.key);
        if (entry.waitsSince() != 0) {
          waits.put(next.key, entry.waitsSince());
        }
      }
    }
    entries.sort(Comparator.comparingLong(Entry::sequence));
    if (!entries.isEmpty()) {
      nextSequence = entries.get(entries.size() - 1).sequence() + 1;
    }
    return entries;
  }

  Entry add(Record<byte[], byte[]> record, long offset) {
    Known known = Known.of(record.headers());
    Entry entry =
        new Entry(
            slots.nextClearBit(0),
            nextSequence++,
            offset,
            Known.takeOff(record),
            known.deaths(),
            known.waitsSince());
    if (entry.waitsSince() != 0) {
      waits.put(entry.slot(), entry.waitsSince());
    }
    write(entry);
    slots.set(entry.slot());
    return entry;
  }

  /** In the same step as the outcome is forwarded, so that one transaction holds both. */
  void remove(Entry entry) {
    store.delete(entry.slot());
    slots.clear(entry.slot());
    workers.remove(entry.slot());
    waits.remove(entry.slot());
  }

  /** From the next commit on, the end of the process is a death with this video in work. */
  void mark(Entry entry, UUID process) {
    workers.put(entry.slot(), process);
    write(entry);
  }

  /** Nobody works on the video any more. */
  void unmark(Entry entry) {
    workers.remove(entry.slot());
    write(entry);
  }

  /**
   * Keeps since when the video waits for its host or root, for the next owner of the task.
   *
   * @param since in milliseconds since 1970; 0: it does not
   */
  void waits(Entry entry, long since) {
    long known = waits.getOrDefault(entry.slot(), 0L);
    if (since == known || (since != 0 && Math.abs(since - known) < SAME_MILLIS)) {
      return;
    }
    if (since == 0) {
      waits.remove(entry.slot());
    } else {
      waits.put(entry.slot(), since);
    }
    write(entry);
  }

  private void write(Entry entry) {
    store.put(
        entry.slot(),
        encode(
            entry,
            workers.getOrDefault(entry.slot(), NOBODY),
            waits.getOrDefault(entry.slot(), 0L)));
  }

  int size() {
    return slots.cardinality();
  }

  private static byte[] encode(Entry entry, UUID worker, long waitsSince) {
    Record<byte[], byte[]> record = entry.record();
    Header[] headers = record.headers().toArray();
    byte[][] names = new byte[headers.length][];
    int size = 3 * 8 + size(record.key()) + 4 + size(record.value());
    for (int i = 0; i < headers.length; i++) {
      names[i] = Utils.utf8(headers[i].key());
      size += size(names[i]) + size(headers[i].value());
    }
    boolean waits = waitsSince != 0;
    boolean counted = waits || entry.deaths() > 0 || !worker.equals(NOBODY);
    ByteBuffer out =
        ByteBuffer.allocate(size + (counted ? COUNT_BYTES : 0) + (waits ? Long.BYTES : 0));
    out.putLong(entry.sequence()).putLong(entry.offset()).putLong(record.timestamp());
    put(out, record.key());
    out.putInt(headers.length);
    for (int i = 0; i < headers.length; i++) {
      put(out, names[i]);
      put(out, headers[i].value());
    }
    put(out, record.value());
    if (counted) {
      out.putInt(entry.deaths());
      out.putLong(worker.getMostSignificantBits()).putLong(worker.getLeastSignificantBits());
    }
    if (waits) {
      out.putLong(waitsSince);
    }
    return out.array();
  }

  private static Entry decode(int slot, byte[] bytes, UUID process) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long sequence = in.getLong();
    long offset = in.getLong();
    long timestamp = in.getLong();
    byte[] key = get(in);
    Headers headers = new RecordHeaders();
    for (int count = in.getInt(); count > 0; count--) {
      headers.add(Utils.utf8(get(in)), get(in));
    }
    Record<byte[], byte[]> record = new Record<>(key, get(in), timestamp, headers);
    int deaths = 0;
    if (in.remaining() >= COUNT_BYTES) {
      deaths = in.getInt();
      UUID worker = new UUID(in.getLong(), in.getLong());
      deaths += worker.equals(NOBODY) || worker.equals(process) ? 0 : 1;
    }
    long waitsSince = in.remaining() >= Long.BYTES ? in.getLong() : 0;
    return new Entry(slot, sequence, offset, record, deaths, waitsSince);
  }

  private static int size(byte[] bytes) {
    return 4 + (bytes == null ? 0 : bytes.length);
  }

  private static void put(ByteBuffer out, byte[] bytes) {
    if (bytes == null) {
      out.putInt(-1);
    } else {
      out.putInt(bytes.length).put(bytes);
    }
  }

  private static byte[] get(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
