package io.clipstream.model.artifact;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.Sampling;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a model is, in the model's own file ({@code extra/manifest.json}).
 *
 * @param name of the model, {@code [a-z0-9][a-z0-9._-]*}
 * @param version of the model, same letters; with the name it is unique
 * @param labels names of the K classes, in the order of the network's outputs
 * @param clip how clips are cut for it
 * @param views clips and crops of a video that prediction with this model takes by default,
 *     whatever its metrics were measured with, as {@link Sampling#parseViews} takes it
 * @param architecture the network, as its family names it, such as {@code swin3d} with its sizes
 * @param form {@code training} (differentiable, fp32) or {@code serving}
 * @param precision {@code fp32} or {@code bf16}
 * @param metrics figures such as {@code kinetics400.12-clips.top1}, named with the data they were
 *     measured on and, where it is not {@code views}, with the protocol
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
    @JsonDeserialize(contentUsing = ManifestJson.AsText.class) Map<String, String> recipe,
    String parent) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /**
   * Only name, version, labels and clip must be there; what else is null gets its plainest value.
   *
   * @throws UserError if a value is none of those above
   */
  public ModelManifest {
    named("name", name);
    named("version", version);
    if (labels == null || labels.isEmpty()) {
      throw new UserError("the manifest has no labels, expected at least one");
    }
    labels = checked(labels);
    if (clip == null) {
      throw new UserError("the manifest has no clip, expected how clips are cut");
    }
    views = views == null ? "1" : views;
    architecture = architecture == null ? Map.of() : Map.copyOf(architecture);
    form = form == null ? "serving" : form;
    precision = precision == null ? "fp32" : precision;
    metrics = metrics == null ? Map.of() : Map.copyOf(metrics);
    recipe = recipe == null ? Map.of() : Map.copyOf(recipe);
    parent = parent == null ? "" : parent;
    Sampling.parseViews(views);
    oneOf("form", form, "training", "serving");
    oneOf("precision", precision, "fp32", "bf16");
  }

  /** Each with something to read, once, and nothing that would move a terminal's cursor. */
  private static List<String> checked(List<String> labels) {
    Set<String> seen = new HashSet<>();
    for (String label : labels) {
      if (label == null || !isLabel(label)) {
        throw new UserError(
            "the manifest has the label '"
                + Printable.name(String.valueOf(label))
                + "', expected text without control characters");
      }
      if (!seen.add(label)) {
        throw new UserError(
            "the manifest has the label " + Printable.name(label) + " twice, expected once");
      }
    }
    return List.copyOf(labels);
  }

  /** Whether a class may be called that: there is something to read, and no control character. */
  public static boolean isLabel(String text) {
    return !text.isBlank() && text.chars().noneMatch(Character::isISOControl);
  }

  /** Whether a model or a version may be called that. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  private static void named(String field, String value) {
    if (value == null) {
      throw new UserError("the manifest has no " + field + ", expected " + NAME);
    }
    if (!isName(value)) {
      throw new UserError("the manifest's " + field + " is " + value + ", expected " + NAME);
    }
  }

  private static void oneOf(String field, String value, String... known) {
    if (!List.of(known).contains(value)) {
      throw new UserError(
          "the manifest's " + field + " is " + value + ", expected " + String.join(" or ", known));
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
