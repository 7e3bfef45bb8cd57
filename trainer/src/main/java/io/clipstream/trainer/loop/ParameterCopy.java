package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * Overwrites arrays on a device, such as parameters that take gradients. ({@link NDArray#copyTo}
 * does, too, but has libtorch warn on standard error.) One thread.
 */
final class ParameterCopy implements AutoCloseable {
  private static final String SOURCE =
      """
      class Function(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Function, values: List[Tensor], to: List[Tensor]) -> Tensor:
          torch._foreach_copy_(to, values)
          return torch.empty([0])
      """;

  private final TorchFunction function;

  ParameterCopy(Device device) {
    this.function = new TorchFunction(SOURCE, device);
  }

  /** Copies values into an array of as many. */
  void copy(float[] values, NDArray to) {
    try (NDManager scope = to.getManager().newSubManager()) {
      NDList arguments = new NDList();
      TorchFunction.add(arguments, "values", scope.create(values, to.getShape()));
      TorchFunction.add(arguments, "to", to);
      function.run(arguments);
    }
  }

  @Override
  public void close() {
    function.close();
  }
}
