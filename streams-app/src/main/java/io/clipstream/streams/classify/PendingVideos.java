package io.clipstream.streams.classify;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
 * value (length int32, bytes).
 */
final class PendingVideos {
  static final String STORE = "pending-videos";

  private final KeyValueStore<Integer, byte[]> store;
  private final BitSet slots = new BitSet();
  private long nextSequence;

  PendingVideos(KeyValueStore<Integer, byte[]> store) {
    this.store = store;
  }

  /**
   * A record in the store.
   *
   * @param sequence grows in the order of the input
   * @param offset of the record in its partition
   */
  record Entry(int slot, long sequence, long offset, Record<byte[], byte[]> record) {}

  static StoreBuilder<KeyValueStore<Integer, byte[]>> store() {
    return Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore(STORE), Serdes.Integer(), Serdes.ByteArray())
        .withCachingDisabled()
        // The part of a changelog that is not compacted is read at every start: keep it short.
        .withLoggingEnabled(
            Map.of("segment.bytes", "16777216", "min.cleanable.dirty.ratio", "0.1"));
  }

  /** Reads what an earlier owner of the task left, in the order of its input. Once, at first. */
  List<Entry> recover() {
    List<Entry> entries = new ArrayList<>();
    try (KeyValueIterator<Integer, byte[]> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<Integer, byte[]> next = all.next();
        entries.add(decode(next.key, next.value));
        slots.set(next.key);
      }
    }
    entries.sort(Comparator.comparingLong(Entry::sequence));
    if (!entries.isEmpty()) {
      nextSequence = entries.get(entries.size() - 1).sequence() + 1;
    }
    return entries;
  }

  Entry add(Record<byte[], byte[]> record, long offset) {
    Entry entry = new Entry(slots.nextClearBit(0), nextSequence++, offset, record);
    store.put(entry.slot(), encode(entry));
    slots.set(entry.slot());
    return entry;
  }

  /** In the same step as the outcome is forwarded, so that one transaction holds both. */
  void remove(Entry entry) {
    store.delete(entry.slot());
    slots.clear(entry.slot());
  }

  int size() {
    return slots.cardinality();
  }

  private static byte[] encode(Entry entry) {
    Record<byte[], byte[]> record = entry.record();
    Header[] headers = record.headers().toArray();
    byte[][] names = new byte[headers.length][];
    int size = 3 * 8 + size(record.key()) + 4 + size(record.value());
    for (int i = 0; i < headers.length; i++) {
      names[i] = Utils.utf8(headers[i].key());
      size += size(names[i]) + size(headers[i].value());
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    out.putLong(entry.sequence()).putLong(entry.offset()).putLong(record.timestamp());
    put(out, record.key());
    out.putInt(headers.length);
    for (int i = 0; i < headers.length; i++) {
      put(out, names[i]);
      put(out, headers[i].value());
    }
    put(out, record.value());
    return out.array();
  }

  private static Entry decode(int slot, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long sequence = in.getLong();
    long offset = in.getLong();
    long timestamp = in.getLong();
    byte[] key = get(in);
    Headers headers = new RecordHeaders();
    for (int count = in.getInt(); count > 0; count--) {
      headers.add(Utils.utf8(get(in)), get(in));
    }
    return new Entry(slot, sequence, offset, new Record<>(key, get(in), timestamp, headers));
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
