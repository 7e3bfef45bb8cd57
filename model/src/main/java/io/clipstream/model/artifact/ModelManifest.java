package io.clipstream.model.artifact;

import io.clipstream.model.clip.ClipSpec;
import java.util.List;
import java.util.Map;

/**
 * What a model is, in the model's own file ({@code extra/manifest.json}).
 *
 * @param name of the model, {@code [a-z0-9][a-z0-9._-]*}
 * @param version of the model, same letters; with the name it is unique
 * @param labels names of the K classes, in the order of the network's outputs
 * @param clip how clips are cut for it
 * @param views the protocol that its metrics were measured with and that serving uses by default:
 *     {@code 1} or {@code 4x3}
 * @param architecture the network, as its family names it, such as {@code swin3d} with its sizes
 * @param form {@code training} (differentiable, fp32) or {@code serving}
 * @param precision {@code fp32} or {@code bf16}
 * @param metrics figures such as {@code top1}, named with the data they were measured on
 * @param recipe how it was trained, for people
 * @param parent name-version of the model that training started from, or empty
 */
public record ModelManifest(
    String name,
    String version,
    List<String> labels,
    ClipSpec clip,
    String views,
    Map<String, Object> architecture,
    String form,
    String precision,
    Map<String, Double> metrics,
    Map<String, String> recipe,
    String parent) {

  public ModelManifest {
    labels = List.copyOf(labels);
    architecture = Map.copyOf(architecture);
    metrics = Map.copyOf(metrics);
    recipe = Map.copyOf(recipe);
    if (labels.isEmpty()) {
      throw new IllegalArgumentException("the manifest has no labels, expected at least one");
    }
  }

  /** The same model with another network. */
  public ModelManifest withNetwork(
      Map<String, Object> architecture, String form, String precision) {
    return new ModelManifest(
        name, version, labels, clip, views, architecture, form, precision, metrics, recipe, parent);
  }

  /** {@code NAME-VERSION}. */
  public String id() {
    return name + "-" + version;
  }
}
