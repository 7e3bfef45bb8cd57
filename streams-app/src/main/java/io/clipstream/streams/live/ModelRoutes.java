package io.clipstream.streams.live;

import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelNames;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Which of several models labels a video: the one that its reference names, else that of the first
 * route that its metadata fit, else the first model.
 *
 * @param models names, at least one
 * @param routes to some of them
 */
public record ModelRoutes(List<String> models, List<Route> routes) {

  /**
   * A rule on metadata.
   *
   * @param key of the metadata
   * @param value that it must have there
   * @param model name of the model
   */
  public record Route(String key, String value, String model) {
    /**
     * As settings write it, {@code KEY=VALUE:MODEL}; a value may have colons.
     *
     * @return null if it is written otherwise
     */
    public static Route parse(String text) {
      int equals = text.indexOf('=');
      int colon = text.lastIndexOf(':');
      if (equals < 1 || colon < equals) {
        return null;
      }
      return new Route(
          text.substring(0, equals).strip(),
          text.substring(equals + 1, colon).strip(),
          text.substring(colon + 1).strip());
    }

    boolean fits(VideoReference reference) {
      return value.equals(reference.getMetadata().get(key));
    }
  }

  public ModelRoutes {
    models = List.copyOf(models);
    routes = List.copyOf(routes);
    if (models.isEmpty()
        || new HashSet<>(models).size() < models.size()
        || !models.stream().allMatch(ModelNames::isName)) {
      throw new IllegalArgumentException("models are " + models + ", expected different names");
    }
    for (Route route : routes) {
      if (!models.contains(route.model())) {
        throw new IllegalArgumentException(
            "a route leads to '" + route.model() + "', expected one of " + models);
      }
    }
  }

  /** To one model alone. */
  public static ModelRoutes to(String model) {
    return new ModelRoutes(List.of(model), List.of());
  }

  /** Labels what names no model and fits no route. */
  public String first() {
    return models.get(0);
  }

  /** The name of the model for a video; empty if its reference names another. */
  public Optional<String> model(VideoReference reference) {
    String wanted = reference.getModel();
    if (wanted == null) {
      return Optional.of(
          routes.stream()
              .filter(route -> route.fits(reference))
              .findFirst()
              .map(Route::model)
              .orElse(first()));
    }
    if (models.contains(wanted)) {
      return Optional.of(wanted);
    }
    return models.stream()
        .filter(model -> wanted.startsWith(model + "-")) // NAME-VERSION
        .max(Comparator.comparingInt(String::length));
  }
}
