package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Adds up the gradients of replicas, so that each has the sum of all. Every device adds up one
 * chunk of all parameters, which the others send it, and sends the sum to the others: each sends
 * and gets twice the gradients' size, less a chunk, however many devices there are. GPUs copy from
 * one to another where they are connected. All replicas end with the same bits. One thread.
 */
final class GradientExchange implements AutoCloseable {
  private final TorchFunction function;
  private final int replicas;

  /**
   * @param replicas number of them, at least 2
   * @param device of one of them
   */
  GradientExchange(int replicas, Device device) {
    this.replicas = replicas;
    this.function = new TorchFunction(source(replicas), device);
  }

  /** TorchScript knows no lists of lists of tensors on several devices, so each has a variable. */
  private static String source(int replicas) {
    String head =
        """
        def flat(gradients: List[Tensor]) -> Tensor:
          parts = annotate(List[Tensor], [])
          for i in range(torch.len(gradients)):
            _0 = torch.append(parts, torch.reshape(gradients[i], [-1]))
          return torch.cat(parts)

        def spread(values: Tensor, gradients: List[Tensor]) -> NoneType:
          parts = annotate(List[Tensor], [])
          first = 0
          for i in range(torch.len(gradients)):
            last = first + torch.numel(gradients[i])
            _0 = torch.append(parts, torch.reshape(torch.slice(values, 0, first, last), torch.size(gradients[i])))
            first = last
          torch._foreach_copy_(gradients, parts)
          return None

        class Function(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
        """;
    StringBuilder body = new StringBuilder("  def forward(self: __torch__.Function, ");
    body.append(each(replicas, "gradients%d: List[Tensor]")).append(") -> Tensor:\n");
    for (int i = 0; i < replicas; i++) {
      body.append("    flat%1$d = __torch__.flat(gradients%1$d)\n".formatted(i));
    }
    body.append("    size = torch.size(flat0, 0)\n");
    for (int owner = 0; owner < replicas; owner++) {
      String chunk =
          "torch.slice(flat%%d, 0, size * %d // %d, size * %d // %2$d)"
              .formatted(owner, replicas, owner + 1);
      body.append("    sum%d = %s\n".formatted(owner, chunk.formatted(owner)));
      for (int other = 0; other < replicas; other++) {
        if (other != owner) {
          body.append(
              "    sum%1$d = torch.add(sum%1$d, torch.to(%2$s, sum%1$d))\n"
                  .formatted(owner, chunk.formatted(other)));
        }
      }
    }
    for (int i = 0; i < replicas; i++) {
      int to = i;
      String sums =
          IntStream.range(0, replicas)
              .mapToObj(owner -> "torch.to(sum%d, sum%d)".formatted(owner, to))
              .collect(Collectors.joining(", "));
      body.append(
          "    _%2$d = __torch__.spread(torch.cat([%1$s]), gradients%2$d)\n".formatted(sums, i));
    }
    return head + body + "    return torch.empty([0])\n";
  }

  private static String each(int replicas, String format) {
    return IntStream.range(0, replicas)
        .mapToObj(format::formatted)
        .collect(Collectors.joining(", "));
  }

  /**
   * Replaces the gradients of each worker's network by the sums; GPUs are still at it when this
   * returns, and do what they are given next after it.
   */
  void run(List<Worker> workers) {
    if (workers.size() != replicas) {
      throw new IllegalArgumentException(workers.size() + " replicas, expected " + replicas);
    }
    try (NDManager scope = workers.get(0).manager().newSubManager()) {
      NDList arguments = new NDList();
      for (int i = 0; i < replicas; i++) {
        for (NDArray gradient : workers.get(i).gradients(scope)) {
          TorchFunction.add(arguments, "gradients" + i, gradient);
        }
      }
      NDArray unused = function.run(arguments);
      unused.attach(scope);
    }
  }

  @Override
  public void close() {
    function.close();
  }
}
