package io.clipstream.streams.console;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import org.apache.avro.specific.SpecificRecord;

/**
 * An outcome as it was read.
 *
 * @param place {@code TOPIC-PARTITION-OFFSET}: the same for every console, whenever it was started
 * @param key of its record, or null
 * @param record {@link VideoLabels} or {@link RejectedVideo}
 * @param bytes that the record has in Kafka
 * @param page as the page gets it
 */
record SeenOutcome(String place, String key, SpecificRecord record, int bytes, Object page) {
  boolean isLabelled() {
    return record instanceof VideoLabels;
  }
}
