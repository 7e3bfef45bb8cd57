/**
 * Avro serdes in Confluent's wire format, with Confluent's configuration keys, over the JDK's HTTP
 * client. Start at {@link io.clipstream.schemas.serde.AvroSerde}; {@link
 * io.clipstream.schemas.serde.SerdeErrors} says what a failure means.
 */
package io.clipstream.schemas.serde;
