package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a checkpoint by the names that torchvision gives its Swin3D's parameters, whatever
 * the checkpoint calls them. Errors name the checkpoint's own key, what was found and expected.
 * Remembers which were asked for.
 */
final class NamedTensors {
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> opaque;
  private final Dialect dialect;
  private final boolean transposed;
  private final Set<String> used = new LinkedHashSet<>();

  NamedTensors(Checkpoint checkpoint, Dialect dialect) {
    this.tensors = checkpoint.tensors();
    this.opaque = checkpoint.opaque();
    this.dialect = dialect;
    this.transposed = checkpoint.format() == Checkpoint.Format.PADDLE;
  }

  boolean has(String name) {
    return tensors.containsKey(nameOf(name));
  }

  /** The checkpoint's own name of a parameter. */
  String nameOf(String name) {
    return dialect.nameOf(name);
  }

  /** Counts a tensor as asked for. */
  void use(String name) {
    used.add(nameOf(name));
  }

  /** The buffers of this name in every block, by the checkpoint's names. */
  Map<String, StoredTensor> buffers(String suffix) {
    Map<String, StoredTensor> found = new LinkedHashMap<>(tensors);
    found.keySet().removeIf(name -> !name.endsWith(suffix));
    return found;
  }

  /** A parameter, turned if it is a linear weight that is stored transposed. */
  StoredTensor tensor(String name) throws IOException {
    String theirs = nameOf(name);
    StoredTensor tensor = tensors.get(theirs);
    if (tensor == null) {
      throw missing(theirs, "");
    }
    used.add(theirs);
    boolean linear =
        name.endsWith(".weight") && tensor.shape().size() == 2 && !name.startsWith("patch_embed.");
    return transposed && linear ? tensor.transposed() : tensor;
  }

  /** Size of an axis of a parameter that has two. */
  int size(String name, int axis) throws IOException {
    List<Integer> shape = tensor(name).shape();
    if (shape.size() != 2) {
      throw wrongShape(name, "two axes");
    }
    return shape.get(axis);
  }

  /** The values of a parameter that has the expected shape. */
  Weights weights(String name, List<Integer> expected) throws IOException {
    if (!tensors.containsKey(dialect.nameOf(name))) {
      throw missing(dialect.nameOf(name), ", expected shape " + expected);
    }
    StoredTensor tensor = tensor(name);
    if (!tensor.shape().equals(expected)) {
      throw wrongShape(name, expected.toString());
    }
    if (!tensor.type().isFloating()) {
      throw new IOException(
          Printable.name(dialect.nameOf(name))
              + " is "
              + tensor
              + ", expected floating-point numbers");
    }
    return tensor.weights();
  }

  private IOException missing(String theirs, String expected) {
    String kind = opaque.get(theirs);
    return new IOException(
        kind == null
            ? "lacks " + Printable.name(theirs) + expected
            : Printable.name(theirs) + " is " + kind + ", expected a tensor of plain numbers");
  }

  IOException wrongShape(String name, String expected) throws IOException {
    List<Integer> found = tensors.get(dialect.nameOf(name)).shape();
    boolean turned = transposed && found.size() == 2 && name.endsWith(".weight");
    return new IOException(
        Printable.name(dialect.nameOf(name))
            + " has shape "
            + found
            + ", expected "
            + expected
            + (turned ? " transposed" : ""));
  }

  /** Refuses tensors that are no buffers and that nothing asked for. */
  void refuseSurplus(Swin3dConfig config) throws IOException {
    List<String> surplus =
        tensors.keySet().stream()
            .filter(name -> !used.contains(name) && !Dialect.isBuffer(name))
            .toList();
    if (!surplus.isEmpty()) {
      throw new IOException(
          "has "
              + Printable.name(surplus.get(0))
              + " "
              + tensors.get(surplus.get(0)).shape()
              + ", which a Swin3D of depths "
              + config.depths()
              + " does not have"
              + (surplus.size() > 1 ? " (and " + (surplus.size() - 1) + " more)" : ""));
    }
  }
}
