package io.clipstream.streams.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A right as the table of {@code ops/README.md} lists it: one operation on one resource. */
public record AccessRight(
    AclOperation operation, ResourceType type, String name, PatternType pattern) {
  private static final Path TABLE = Path.of("../ops/README.md");
  private static final Pattern LIST = Pattern.compile(", ");
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");

  /** Component, with remarks in brackets; operations; kind of resource; its names. */
  private static final Pattern ROW =
      Pattern.compile(
          "\\| ([^|(]+?)(?: \\([^|]*\\))? \\| ([A-Z_, ]+) \\|"
              + " (topic|group|transactional id|cluster)s?( .*)? \\|");

  /** Of one component, by its name in the table. */
  public static List<AccessRight> of(String component) throws IOException {
    List<AccessRight> rights = new ArrayList<>();
    for (String line : Files.readAllLines(TABLE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches() && row.group(1).equals(component)) {
        ResourceType type =
            ResourceType.valueOf(row.group(3).toUpperCase(Locale.ROOT).replace(' ', '_'));
        for (String operation : LIST.splitAsStream(row.group(2)).toList()) {
          for (String name : names(type, row.group(4))) {
            rights.add(right(AclOperation.valueOf(operation), type, name));
          }
        }
      }
    }
    assertThat(rights).as("rights of %s in %s", component, TABLE).isNotEmpty();
    return rights;
  }

  private static List<String> names(ResourceType type, String cell) {
    return type == ResourceType.CLUSTER
        ? List.of("kafka-cluster")
        : NAME.matcher(cell).results().map(found -> found.group(1)).toList();
  }

  private static AccessRight right(AclOperation operation, ResourceType type, String name) {
    return name.endsWith("*")
        ? new AccessRight(
            operation, type, name.substring(0, name.length() - 1), PatternType.PREFIXED)
        : new AccessRight(operation, type, name, PatternType.LITERAL);
  }

  /** As the brokers take it, for a user. */
  public AclBinding to(String user) {
    return new AclBinding(
        new ResourcePattern(type, name, pattern),
        new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
  }

  /** The same on a resource of another name. */
  public AccessRight renamed(String from, String to) {
    return new AccessRight(operation, type, name.replace(from, to), pattern);
  }
}
