/** Training data out of Kafka: people's corrections and the labels that models are sure of. */
package io.clipstream.trainer.feedback;
