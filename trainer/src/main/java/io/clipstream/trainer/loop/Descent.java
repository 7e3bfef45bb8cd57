package io.clipstream.trainer.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;

/** Runs a network forward and adds up the gradients of a loss in its parameters. */
interface Descent {
  /**
   * Adds the gradients of some clips.
   *
   * @param gradients open meanwhile; there is one in a process, for all threads
   * @param scope that owns what the call makes
   * @param pixels as {@link Replica#logits} takes them
   * @param mask likewise
   * @param loss of logits; gradients are taken unless it throws
   * @return logits {@code [N, K]}
   */
  NDArray descend(
      GradientCollector gradients,
      Replica network,
      NDManager scope,
      ByteBuffer pixels,
      int clips,
      float[] mask,
      UnaryOperator<NDArray> loss);

  /** As a recipe has it, for a network that {@link Learner#write} wrote. */
  static Descent of(Recipe recipe) {
    return recipe.training().recompute() ? byStage(recipe.network().depths().size()) : whole();
  }

  /** All of the network at once, which remembers what every layer gave. */
  static Descent whole() {
    return (gradients, network, scope, pixels, clips, mask, loss) -> {
      NDArray logits = network.logits(scope, pixels, clips, mask);
      gradients.backward(loss.apply(logits));
      return logits;
    };
  }

  /**
   * Stage by stage, of which each is run again when its gradients are due (activation
   * recomputation, https://arxiv.org/abs/1604.06174): remembers what the layers of one stage gave.
   * All but the last stage run twice.
   *
   * @param stages of the network
   */
  static Descent byStage(int stages) {
    return (gradients, network, scope, pixels, clips, mask, loss) -> {
      NDArray[] inputs = new NDArray[stages];
      NDArray masks = network.mask(scope, clips, mask);
      inputs[0] = network.pixels(scope, pixels, clips);
      for (int stage = 1; stage < stages; stage++) {
        try (NDArray given = network.stage(stage - 1, inputs[stage - 1], masks)) {
          inputs[stage] = given.stopGradient(); // the stage before is forgotten
          inputs[stage].attach(scope);
        }
        inputs[stage].setRequiresGradient(true);
      }
      NDArray logits = network.stage(stages - 1, inputs[stages - 1], masks);
      gradients.backward(loss.apply(logits));
      for (int stage = stages - 2; stage >= 0; stage--) {
        try (NDArray given = network.stage(stage, inputs[stage], masks);
            NDArray wanted = inputs[stage + 1].getGradient();
            NDArray products = given.mul(wanted);
            NDArray sum = products.sum()) {
          gradients.backward(sum); // whose gradient in what the stage gave is what is wanted
        }
        inputs[stage + 1].close();
      }
      return logits;
    };
  }
}
