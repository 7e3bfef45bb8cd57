package io.clipstream.streams.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of the commands that make a model of somebody else's file. */
final class NewModelOptions {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT.pt",
      required = true,
      description = "Where the model goes; NAME-VERSION.pt also names it.")
  private Path output;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the model; by default that of the output.")
  private String name;

  @Option(
      names = "--model-version",
      paramLabel = "VERSION",
      description = "Version of the model; by default that of the output, or 1.")
  private String version;

  @Option(
      names = "--views",
      paramLabel = "VIEWS",
      description = "Clips and crops of a video that predict takes by default: 1 or 4x3.")
  private String views;

  /** What can be refused before anything is read. */
  void check() {
    ModelId.requireOutput(output);
  }

  Path output() {
    return output;
  }

  ModelId id() {
    return ModelId.of(output, name, version);
  }

  /**
   * @param otherwise where the user does not say
   */
  String views(String otherwise) {
    return views != null ? views : otherwise;
  }
}
