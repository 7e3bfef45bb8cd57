package io.clipstream.streams.console;

import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;

/**
 * How the console reaches what all instances of a group share. Every client that is made is the
 * caller's to close.
 *
 * @param group name of the consumer group of the instances
 * @param topics that it reads and writes
 * @param outcomes makes a consumer of committed outcomes, assigned to all their partitions
 * @param references makes a producer of references
 * @param corrections makes a producer of corrections
 * @param admin makes an admin client
 * @param models the log of models
 */
public record GroupClients(
    String group,
    Names topics,
    Supplier<KafkaConsumer<String, SpecificRecord>> outcomes,
    Supplier<KafkaProducer<String, VideoReference>> references,
    Supplier<KafkaProducer<String, LabelCorrection>> corrections,
    Supplier<Admin> admin,
    ModelLogConfig models) {

  /** Names of topics. */
  public record Names(String incoming, String feedback) {}
}
