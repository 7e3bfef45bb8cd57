package io.clipstream.trainer.loop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The {@link TorchFunction} that takes a step of {@link AdamW}, {@code adamw.py.txt}. */
final class AdamWSource {
  private static final String SOURCE = "adamw.py.txt";

  /** Of a group, in the order of the arguments, which begin with the numbers. */
  static final List<String> LISTS =
      List.of("weights", "gradients", "means", "variances", "averages");

  /**
   * What some parameters have in common.
   *
   * @param size number of them
   * @param rate factor of their learning rate
   * @param decay of their weights, times the learning rate
   */
  record Group(int size, double rate, double decay) {}

  private AdamWSource() {}

  /**
   * The source.
   *
   * @param groups each of which has lists of its own among the arguments, numbered from 0
   */
  static String of(List<Group> groups, double beta1, double epsilon) {
    StringBuilder arguments = new StringBuilder();
    List<String> norms = new ArrayList<>();
    List<String> steps = new ArrayList<>();
    List<String> averages = new ArrayList<>();
    List<String> clears = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      for (String list : LISTS) {
        arguments.append(", ").append(list).append(g).append(": List[Tensor]");
      }
      norms.add("    norms = torch.add(norms, torch._foreach_norm(gradients%d, 2))".formatted(g));
      steps.add(
          ("      torch._fused_adamw_(weights%1$d, gradients%1$d, means%1$d, variances%1$d, none,"
                  + " torch.mul([step], %2$d), lr=rate * %3$s, beta1=%4$s, beta2=beta2,"
                  + " weight_decay=%5$s, eps=%6$s, amsgrad=False, maximize=False, grad_scale=scale)")
              .formatted(g, group.size, group.rate, beta1, group.decay, epsilon));
      averages.add("        torch._foreach_lerp_(averages%1$d, weights%1$d, towards)".formatted(g));
      clears.add("    torch._foreach_zero_(gradients%d)".formatted(g));
    }
    try (InputStream in = AdamWSource.class.getResourceAsStream(SOURCE)) {
      return new String(in.readAllBytes(), UTF_8)
          .replace("{arguments}", arguments)
          .replace("{norms}", String.join("\n", norms))
          .replace("{steps}", String.join("\n", steps))
          .replace("{averages}", String.join("\n", averages))
          .replace("{clears}", String.join("\n", clears));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
