package io.clipstream.streams.classify;

import io.clipstream.model.infer.Classifier;
import java.util.function.Supplier;

/**
 * How a model comes onto a device.
 *
 * @param device its name, such as {@code gpu0}
 * @param load makes the classifier, warm for the batch sizes; called once, by the thread that will
 *     use and close it
 */
public record DeviceModel(String device, Supplier<? extends Classifier> load) {}
