package io.clipstream.streams.cli;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import io.clipstream.schemas.models.ModelKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model keygen}: keys for signing. Needs no Kafka. */
@Command(
    name = "keygen",
    description = {
      "Make a pair of Ed25519 keys: publish --key signs with the private one, which only you can"
          + " read; instances check with the public one."
    })
final class ModelKeygenCommand implements Callable<Integer> {
  private static final String USUAL_NAME = "model-signing.key";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR|FILE",
      description =
          "Folder for "
              + USUAL_NAME
              + ", made if need be, or the private key's file, whose name has a dot; .pub is beside"
              + " it.")
  private Path place;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  @Override
  public Integer call() throws IOException {
    boolean inFolder =
        Files.isDirectory(place) || (!Files.exists(place) && !name(place).contains("."));
    Path folder = place.toAbsolutePath().normalize().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new UserError(
          "no folder " + folder + ", expected one for the keys" + Nearest.hint(folder));
    }
    if (inFolder && !Files.exists(place)) {
      Files.createDirectory(place);
    }
    Path privateFile = inFolder ? place.resolve(USUAL_NAME) : place;
    Path publicFile = privateFile.resolveSibling(privateFile.getFileName() + ".pub");
    String id = ModelKeys.generate(privateFile, publicFile);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "key");
      object.put("id", id);
      object.put("privateFile", privateFile.toString());
      object.put("publicFile", publicFile.toString());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println("key " + id);
      out.println("  private  " + privateFile + "  (keep it secret: publish --key)");
      out.println("  public   " + publicFile);
    }
    return 0;
  }
}
