package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import io.clipstream.model.artifact.Unpickler;
import io.clipstream.model.artifact.Unpickler.Global;
import io.clipstream.model.artifact.Unpickler.Opaque;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The weights among what the pickle of a checkpoint holds: trainers keep them beside averages of
 * them, the state of the optimiser and whatever else they need to go on.
 *
 * @param name of the dictionary that holds them, keys joined by dots; {@value #TOP} if it is the
 *     outermost
 * @param tensors by name, in the order of the file
 * @param opaque what has a name there and is no tensor, by what it is
 * @param others names of further dictionaries of weights
 */
record StateDict(
    String name,
    Map<String, StoredTensor> tensors,
    Map<String, String> opaque,
    List<String> others) {
  /** Where trainers keep the weights among other things; the first that is there is taken. */
  private static final List<String> USUAL =
      List.of("state_dict", "model", "model_state_dict", "module", "net");

  static final String TOP = ".";

  /** Steps of optimisers have tensors too. */
  private static final String NO_WEIGHTS = "(?i).*(optim|sched|scaler|rng|random).*";

  private static final int MAX_DEPTH = 4;
  private static final int MAX_VISITED = 10_000;
  private static final int SHOWN = 8;

  /**
   * Finds the weights.
   *
   * @param root what the pickle holds
   * @param wanted name of the dictionary; empty: the usual one
   * @throws IOException if there are none of that name, or several and none is the usual one; one
   *     line that says what there is
   */
  static StateDict find(Object root, Optional<String> wanted) throws IOException {
    if (!(root instanceof Map<?, ?> map)) {
      throw new IOException(
          "holds "
              + describe(root)
              + ", expected a dictionary of weights: save them alone, torch.save("
              + "model.state_dict(), FILE)");
    }
    Map<String, Map<?, ?>> found = new LinkedHashMap<>();
    collect(map, "", 0, found, new int[1]);
    String chosen = choose(map, found, wanted);
    List<String> others = new ArrayList<>();
    found.forEach(
        (name, dictionary) -> {
          if (!name.equals(chosen) && holdsWeights(dictionary)) {
            others.add(name);
          }
        });
    return of(chosen, found.get(chosen), others);
  }

  private static void collect(
      Map<?, ?> map, String path, int depth, Map<String, Map<?, ?>> found, int[] visited) {
    if (depth > MAX_DEPTH || ++visited[0] > MAX_VISITED) {
      return;
    }
    if (map.containsKey(PaddleSlices.KEY)
        || map.values().stream().anyMatch(value -> tensor(value) != null)) {
      found.putIfAbsent(path.isEmpty() ? TOP : path, map);
    }
    for (Map.Entry<?, ?> e : map.entrySet()) {
      if (e.getKey() instanceof String key
          && e.getValue() instanceof Map<?, ?> inner
          && !key.matches(NO_WEIGHTS)
          && !key.equals(PaddleSlices.KEY)) {
        collect(inner, path.isEmpty() ? key : path + "." + key, depth + 1, found, visited);
      }
    }
  }

  private static String choose(
      Map<?, ?> root, Map<String, Map<?, ?>> found, Optional<String> wanted) throws IOException {
    List<String> likely =
        found.keySet().stream().filter(name -> holdsWeights(found.get(name))).toList();
    if (wanted.isPresent()) {
      if (!found.containsKey(wanted.get())) {
        throw new IOException(
            "has no weights named "
                + Printable.name(wanted.get())
                + (likely.isEmpty() ? ", and no others" : ", expected " + names(likely)));
      }
      return wanted.get();
    }
    for (String usual : USUAL) {
      if (found.containsKey(usual)) {
        return usual;
      }
    }
    if (likely.contains(TOP) || (likely.isEmpty() && found.containsKey(TOP))) {
      return TOP;
    }
    if (likely.isEmpty() && found.size() == 1) {
      return found.keySet().iterator().next();
    }
    if (likely.size() == 1) {
      return likely.get(0);
    }
    if (likely.size() > 1) {
      throw new IOException(
          "holds several sets of weights, " + names(likely) + ": choose one with --weights");
    }
    throw new IOException("holds no weights, but " + contents(root));
  }

  private static boolean holdsWeights(Map<?, ?> map) {
    return map.entrySet().stream()
        .anyMatch(
            e ->
                e.getKey() instanceof String name
                    && name.endsWith("weight")
                    && tensor(e.getValue()) != null);
  }

  private static StateDict of(String name, Map<?, ?> map, List<String> others) throws IOException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    Map<String, String> opaque = new LinkedHashMap<>();
    for (Map.Entry<?, ?> e : map.entrySet()) {
      if (e.getKey() instanceof String key) {
        StoredTensor tensor = tensor(e.getValue());
        if (tensor != null) {
          tensors.put(key, tensor);
        } else {
          opaque.put(key, describe(e.getValue()));
        }
      }
    }
    PaddleSlices.join(map, tensors);
    return new StateDict(name, tensors, opaque, List.copyOf(others));
  }

  private static StoredTensor tensor(Object value) {
    if (value instanceof CheckpointTypes.Array array) {
      return array.tensor;
    }
    // PaddlePaddle writes a tensor within other objects as (name, array).
    if (value instanceof List<?> pair
        && pair.size() == 2
        && pair.get(0) instanceof String
        && pair.get(1) instanceof CheckpointTypes.Array array) {
      return array.tensor;
    }
    return value instanceof StoredTensor tensor ? tensor : null;
  }

  private static String names(Iterable<String> names) {
    List<String> printable = new ArrayList<>();
    names.forEach(name -> printable.add(Printable.name(name)));
    return printable.size() <= SHOWN
        ? String.join(", ", printable)
        : String.join(", ", printable.subList(0, SHOWN)) + " and " + (printable.size() - SHOWN);
  }

  private static String contents(Map<?, ?> map) {
    if (map.isEmpty()) {
      return "an empty dictionary";
    }
    String some =
        map.entrySet().stream()
            .limit(SHOWN)
            .map(
                e ->
                    (e.getKey() instanceof String key ? Printable.name(key) : "a key")
                        + " ("
                        + describe(e.getValue())
                        + ")")
            .collect(Collectors.joining(", "));
    return some + (map.size() > SHOWN ? " and " + (map.size() - SHOWN) + " more" : "");
  }

  /** What a value is, in Python's words; other values may be endless to print. */
  static String describe(Object value) {
    if (value instanceof Opaque opaque) {
      return Printable.name(opaque.name());
    }
    if (value instanceof Global global) {
      return Printable.name(global.name());
    }
    if (value instanceof CheckpointTypes.Array) {
      return "an array of no numbers";
    }
    if (value instanceof StoredTensor) {
      return "a tensor";
    }
    if (value instanceof Map) {
      return "a dictionary";
    }
    if (value instanceof List) {
      return "a list";
    }
    if (value instanceof String) {
      return "text";
    }
    return value == Unpickler.NONE ? "None" : value instanceof Number ? "a number" : "a value";
  }
}
