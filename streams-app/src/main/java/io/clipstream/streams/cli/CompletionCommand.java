package io.clipstream.streams.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code clipstream completion}: for shells. */
@Command(
    name = "completion",
    description = {
      "Print what lets a shell complete commands and options.",
      "bash: source <(clipstream completion), in ~/.bashrc; zsh: autoload -U +X bashcompinit &&"
          + " bashcompinit before it."
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("clipstream", spec.root().commandLine()));
    return 0;
  }
}
