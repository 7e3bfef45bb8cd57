package io.clipstream.schemas.serde;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Writes Avro records in Confluent's wire format: byte 0, the schema's id as four bytes big-endian,
 * Avro's binary encoding. Takes specific and generic records. Configured by Confluent's keys: those
 * of {@link RegistryConfig} and
 *
 * <ul>
 *   <li>{@code auto.register.schemas} (true): register the record's schema
 *   <li>{@code use.latest.version} (false; needs {@code auto.register.schemas=false}): write in the
 *       subject's newest version
 *   <li>{@code latest.compatibility.strict} (true): refuse when that version could not read what
 *       the record's own schema would write
 *   <li>{@code normalize.schemas} (false)
 *   <li>{@code avro.remove.java.properties} (false): register without {@code avro.java.string}
 *   <li>{@code key.subject.name.strategy}, {@code value.subject.name.strategy} ({@link
 *       SubjectNameStrategy})
 * </ul>
 *
 * <p>The registry is asked once for each topic and schema. All threads, as producers need.
 *
 * @param <T> the records
 */
public final class AvroSerializer<T extends IndexedRecord> implements Serializer<T> {
  static final byte MAGIC = 0;
  static final int HEADER_BYTES = 5;

  private static final ThreadLocal<Output> OUTPUT = ThreadLocal.withInitial(Output::new);

  private RegistryClient registry;
  private boolean isKey;
  private boolean autoRegister;
  private boolean useLatest;
  private boolean latestStrict;
  private boolean normalize;
  private boolean removeJavaProperties;
  private SubjectNameStrategy strategy;
  private BoundedCache<TopicSchema, Target<T>> targets;

  /** What was used last; most serializers see one topic and one schema. */
  private volatile Target<T> last;

  /** Schemas by identity: each record class has one, and comparing them field by field is slow. */
  private record TopicSchema(String topic, Schema schema) {
    @Override
    @SuppressWarnings("ReferenceEquality")
    public boolean equals(Object other) {
      return other instanceof TopicSchema that && topic.equals(that.topic) && schema == that.schema;
    }

    @Override
    public int hashCode() {
      return 31 * topic.hashCode() + System.identityHashCode(schema);
    }
  }

  private record Target<T>(TopicSchema key, int id, DatumWriter<T> writer) {}

  /**
   * @throws org.apache.kafka.common.config.ConfigException naming the key that is wrong
   */
  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    RegistryConfig.Keys keys = new RegistryConfig.Keys(configs);
    RegistryConfig config = RegistryConfig.from(configs);
    String strategyKey = (isKey ? "key" : "value") + ".subject.name.strategy";
    Object strategyName = keys.get(strategyKey);
    this.isKey = isKey;
    this.autoRegister = keys.flag("auto.register.schemas", true);
    this.useLatest = keys.flag("use.latest.version", false);
    this.latestStrict = keys.flag("latest.compatibility.strict", true);
    this.normalize = keys.flag("normalize.schemas", false);
    this.removeJavaProperties = keys.flag("avro.remove.java.properties", false);
    this.strategy =
        strategyName == null
            ? SubjectNameStrategy.TOPIC_NAME
            : SubjectNameStrategy.parse(strategyKey, strategyName);
    this.targets = new BoundedCache<>(config.cacheSize());
    this.last = null;
    close();
    this.registry = RegistryClient.shared(config);
  }

  /**
   * @param data null gives null, a tombstone
   * @throws SerializationException when the record does not fit its schema, such as null in a field
   *     that must have a value
   * @throws RegistryException when the registry is down or refuses the schema
   */
  @Override
  public byte[] serialize(String topic, T data) {
    if (data == null) {
      return null;
    }
    Target<T> target = target(topic, data.getSchema());
    Output output = OUTPUT.get();
    try {
      output.begin(target.id());
      target.writer().write(data, output.encoder);
      return output.toByteArray();
    } catch (IOException | RuntimeException e) {
      // Avro's writers also throw NullPointer, ClassCast and IndexOutOfBounds for bad records.
      throw new SerializationException(
          "cannot write "
              + data.getSchema().getFullName()
              + " for topic "
              + topic
              + ": "
              + e.getMessage(),
          e);
    } finally {
      output.end();
    }
  }

  @SuppressWarnings("ReferenceEquality")
  private Target<T> target(String topic, Schema schema) {
    Target<T> recent = last;
    if (recent != null && recent.key().schema() == schema && recent.key().topic().equals(topic)) {
      return recent;
    }
    if (registry == null) {
      throw new IllegalStateException("the serializer is not configured or is closed");
    }
    TopicSchema key = new TopicSchema(topic, schema);
    Target<T> target = targets.get(key);
    if (target == null) {
      target = resolve(key);
      targets.put(key, target);
    }
    last = target;
    return target;
  }

  private Target<T> resolve(TopicSchema key) {
    Schema schema = key.schema();
    String subject = strategy.subject(key.topic(), isKey, schema.getFullName());
    SpecificData data = SpecificData.getForSchema(schema);
    DatumWriter<T> own = new SpecificDatumWriter<>(schema, data);
    Schema registered = removeJavaProperties ? SchemaText.withoutJavaProperties(schema) : schema;
    if (autoRegister) {
      return new Target<>(key, registry.register(subject, registered, normalize), own);
    }
    if (!useLatest) {
      return new Target<>(key, registry.lookup(subject, registered, normalize), own);
    }
    RegistryClient.Version latest = registry.latest(subject);
    if (latestStrict && !reads(latest.schema(), schema)) {
      throw new RegistryRefusedException(
          "version "
              + latest.version()
              + " of subject "
              + subject
              + " cannot read this application's "
              + schema.getFullName()
              + " (latest.compatibility.strict=false skips this check)",
          null);
    }
    return new Target<>(key, latest.id(), new ByNameDatumWriter<>(latest.schema(), data));
  }

  private static boolean reads(Schema reader, Schema writer) {
    try {
      return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType()
          == SchemaCompatibilityType.COMPATIBLE;
    } catch (AvroRuntimeException e) {
      return false;
    }
  }

  /** Entries that are kept now, for tests of the bound. */
  int cached() {
    return targets.size();
  }

  @Override
  public void close() {
    if (registry != null) {
      registry.close();
      registry = null;
      last = null;
    }
  }

  /** A thread's growing buffer and the encoder into it. */
  private static final class Output extends OutputStream {
    private static final int SMALL = 1 << 10;
    private static final int KEPT = 1 << 20;

    private byte[] bytes = new byte[SMALL];
    private int length;
    // Unbuffered: a record that fails half-way leaves nothing behind in it.
    final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(this, null);

    void begin(int id) {
      bytes[0] = MAGIC;
      bytes[1] = (byte) (id >>> 24);
      bytes[2] = (byte) (id >>> 16);
      bytes[3] = (byte) (id >>> 8);
      bytes[4] = (byte) id;
      length = HEADER_BYTES;
    }

    byte[] toByteArray() {
      return Arrays.copyOf(bytes, length);
    }

    /** Keeps a buffer of ordinary size for the next record. */
    void end() {
      if (bytes.length > KEPT) {
        bytes = new byte[SMALL];
      }
    }

    @Override
    public void write(int b) {
      need(1);
      bytes[length++] = (byte) b;
    }

    @Override
    public void write(byte[] source, int from, int count) {
      need(count);
      System.arraycopy(source, from, bytes, length, count);
      length += count;
    }

    private void need(int count) {
      if (count > bytes.length - length) {
        int least = Math.addExact(length, count);
        bytes = Arrays.copyOf(bytes, Math.max(least, (int) Math.min(2L * bytes.length, 1 << 30)));
      }
    }
  }
}
