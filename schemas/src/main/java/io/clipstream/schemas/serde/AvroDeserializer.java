package io.clipstream.schemas.serde;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DatumReader;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Reads Confluent's wire format (see {@link AvroSerializer}) written with any schema that can
 * become the reader's. Configured by Confluent's keys: those of {@link RegistryConfig} and
 *
 * <ul>
 *   <li>{@code specific.avro.reader} (false): give generated classes, found by the writer's record
 *       name, instead of generic records
 *   <li>{@code specific.avro.key.type}, {@code specific.avro.value.type}: the one generated class
 *       to give; another record on the topic is a bad record
 * </ul>
 *
 * <p>The registry is asked once for each schema id, and again while it may not have read yet what
 * it knows ({@link SchemaNotYetKnownException}). Bytes that are corrupt or hostile give a {@link
 * SerializationException} and cost no more memory than a small multiple of their number. All
 * threads.
 *
 * @param <T> the records
 */
public final class AvroDeserializer<T extends IndexedRecord> implements Deserializer<T> {
  private static final ThreadLocal<PayloadDecoder> DECODER =
      ThreadLocal.withInitial(PayloadDecoder::new);

  private final Class<? extends SpecificRecord> fixedType;
  private RegistryClient registry;
  private boolean specific;
  private Class<? extends SpecificRecord> type;
  private BoundedCache<Integer, Reader> readers;

  /** What was used last; most topics are written with one schema. */
  private volatile Reader last;

  private record Reader(int id, DatumReader<Object> datum) {}

  /** For use by class name; the configuration says which records it gives. */
  public AvroDeserializer() {
    this.fixedType = null;
  }

  private AvroDeserializer(Class<? extends SpecificRecord> type) {
    this.fixedType = type;
  }

  /** A deserializer of one generated class, whatever the configuration says. */
  public static <S extends SpecificRecord> AvroDeserializer<S> of(Class<S> type) {
    return new AvroDeserializer<>(type);
  }

  /**
   * @throws ConfigException naming the key that is wrong
   */
  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    RegistryConfig.Keys keys = new RegistryConfig.Keys(configs);
    RegistryConfig config = RegistryConfig.from(configs);
    String typeKey = isKey ? "specific.avro.key.type" : "specific.avro.value.type";
    this.type = fixedType != null ? fixedType : recordClass(typeKey, keys.get(typeKey));
    this.specific = type != null || keys.flag("specific.avro.reader", false);
    this.readers = new BoundedCache<>(config.cacheSize());
    this.last = null;
    close();
    this.registry = RegistryClient.shared(config);
  }

  private static Class<? extends SpecificRecord> recordClass(String key, Object value) {
    if (value == null) {
      return null;
    }
    try {
      Class<?> type =
          value instanceof Class<?> given
              ? given
              : Class.forName(value.toString().trim(), true, classLoader());
      return type.asSubclass(SpecificRecord.class);
    } catch (ClassNotFoundException | ClassCastException e) {
      throw new ConfigException(key, value, "expected a class that Avro generated");
    }
  }

  private static ClassLoader classLoader() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context != null ? context : AvroDeserializer.class.getClassLoader();
  }

  /**
   * @param data null gives null
   * @throws SerializationException when the bytes are not such a record
   * @throws RegistryException when the registry is down or refuses to answer
   */
  @Override
  public T deserialize(String topic, byte[] data) {
    return data == null ? null : read(topic, data, 0, data.length);
  }

  /** Without a copy when the buffer is backed by an array; the buffer's position stays. */
  @Override
  public T deserialize(String topic, Headers headers, ByteBuffer data) {
    if (data == null) {
      return null;
    }
    if (data.hasArray()) {
      int from = data.arrayOffset() + data.position();
      return read(topic, data.array(), from, from + data.remaining());
    }
    byte[] copy = new byte[data.remaining()];
    data.duplicate().get(copy);
    return read(topic, copy, 0, copy.length);
  }

  private T read(String topic, byte[] bytes, int from, int to) {
    int length = to - from;
    if (length < AvroSerializer.HEADER_BYTES) {
      throw bad(topic, length + " bytes, expected at least " + AvroSerializer.HEADER_BYTES, null);
    }
    if (bytes[from] != AvroSerializer.MAGIC) {
      throw bad(topic, "first byte is " + (bytes[from] & 0xFF) + ", expected 0", null);
    }
    int id =
        (bytes[from + 1] & 0xFF) << 24
            | (bytes[from + 2] & 0xFF) << 16
            | (bytes[from + 3] & 0xFF) << 8
            | (bytes[from + 4] & 0xFF);
    Reader reader = reader(topic, id);
    PayloadDecoder decoder = DECODER.get();
    decoder.reset(bytes, from + AvroSerializer.HEADER_BYTES, to);
    Object record;
    try {
      record = reader.datum().read(null, decoder);
      if (decoder.remaining() > 0) {
        throw bad(
            topic, decoder.remaining() + " bytes are left after a record of schema id " + id, null);
      }
    } catch (SerializationException e) {
      throw e;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      // Corrupt bytes surface as EOF, AvroRuntimeException, index errors or, in a schema that
      // contains itself, as endless depth.
      throw bad(topic, "corrupt record of schema id " + id + ": " + describe(e), e);
    } finally {
      decoder.release();
    }
    @SuppressWarnings("unchecked")
    T typed = (T) record;
    return typed;
  }

  private Reader reader(String topic, int id) {
    Reader recent = last;
    if (recent != null && recent.id() == id) {
      return recent;
    }
    if (registry == null) {
      throw new IllegalStateException("the deserializer is not configured or is closed");
    }
    Reader reader = readers.get(id);
    if (reader == null) {
      reader = new Reader(id, datumReader(topic, id));
      readers.put(id, reader);
    }
    last = reader;
    return reader;
  }

  private DatumReader<Object> datumReader(String topic, int id) {
    if (id < 1) {
      throw bad(topic, "schema id is " + id + ", expected a positive number", null);
    }
    Schema writer;
    try {
      writer = registry.schema(id);
    } catch (SerializationException e) {
      throw bad(topic, e.getMessage(), e);
    }
    if (writer.getType() != Schema.Type.RECORD) {
      throw bad(topic, "schema id " + id + " is " + writer.getType() + ", expected a record", null);
    }
    if (!specific) {
      return new GenericDatumReader<>(writer, writer, new GenericData());
    }
    Class<?> target = type != null ? type : SpecificData.get().getClass(writer);
    if (target == null || !SpecificRecord.class.isAssignableFrom(target)) {
      throw bad(topic, "no class for " + writer.getFullName() + " of schema id " + id, null);
    }
    Schema reader = SpecificData.get().getSchema(target);
    if (!reader.getFullName().equals(writer.getFullName())
        && !reader.getAliases().contains(writer.getFullName())) {
      throw bad(
          topic, "record is " + writer.getFullName() + ", expected " + reader.getFullName(), null);
    }
    return new SpecificDatumReader<>(writer, reader, SpecificData.getForClass(target));
  }

  private static String describe(Throwable error) {
    return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
  }

  private static SerializationException bad(String topic, String what, Throwable cause) {
    return new SerializationException("not a record for topic " + topic + ": " + what, cause);
  }

  /** Entries that are kept now, for tests of the bound. */
  int cached() {
    return readers.size();
  }

  @Override
  public void close() {
    if (registry != null) {
      registry.close();
      registry = null;
      last = null;
    }
  }
}
