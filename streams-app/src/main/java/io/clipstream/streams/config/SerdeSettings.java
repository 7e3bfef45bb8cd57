package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.schemas.serde.RegistryConfig;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serde;

/**
 * The serde of the records' values.
 *
 * @param className of a {@link Serde}
 * @param settings its own, without the prefix {@code serde.}
 */
public record SerdeSettings(String className, Map<String, String> settings) {
  private static final String CLASS = "serde.class";

  public SerdeSettings {
    settings = Map.copyOf(settings);
  }

  static SerdeSettings read(Settings settings) {
    String className =
        settings.value(
            CLASS,
            "the name of a serde's class, of Avro's specific records, on the class path (more jars go"
                + " to lib/)",
            SerdeSettings::serdeClass);
    Map<String, String> own = settings.below("serde.");
    own.remove("class");
    if (className.equals(AvroSerde.class.getName())) {
      check(settings, own);
    }
    return new SerdeSettings(className, own);
  }

  /** Loaded but not initialised: none of its code runs. */
  private static String serdeClass(String name) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    ClassLoader loader = context != null ? context : SerdeSettings.class.getClassLoader();
    try {
      Class<?> type = Class.forName(name, false, loader);
      return Serde.class.isAssignableFrom(type) && takesRecords(type) ? name : null;
    } catch (ClassNotFoundException | LinkageError e) {
      return null;
    }
  }

  /** False: its values are of a type that is neither left open nor one of our records'. */
  private static boolean takesRecords(Class<?> serde) {
    Type values = values(serde, Map.of());
    Type known = values instanceof ParameterizedType generic ? generic.getRawType() : values;
    return !(known instanceof Class<?> type) || type.isAssignableFrom(SpecificRecord.class);
  }

  /**
   * What a serde has for the {@code T} of {@code Serde<T>}; null if it does not say.
   *
   * @param serde a class or an interface, as its child names it
   * @param bound what the child has for its own variables
   */
  private static Type values(Type serde, Map<Type, Type> bound) {
    Class<?> type;
    Map<Type, Type> own = new HashMap<>();
    if (serde instanceof ParameterizedType generic) {
      type = (Class<?>) generic.getRawType();
      for (int i = 0; i < type.getTypeParameters().length; i++) {
        Type argument = generic.getActualTypeArguments()[i];
        own.put(type.getTypeParameters()[i], bound.getOrDefault(argument, argument));
      }
    } else {
      type = (Class<?>) serde;
    }
    if (type == Serde.class) {
      return own.get(Serde.class.getTypeParameters()[0]);
    }
    if (type.getSuperclass() != null && Serde.class.isAssignableFrom(type.getSuperclass())) {
      return values(type.getGenericSuperclass(), own);
    }
    for (int i = 0; i < type.getInterfaces().length; i++) {
      if (Serde.class.isAssignableFrom(type.getInterfaces()[i])) {
        return values(type.getGenericInterfaces()[i], own);
      }
    }
    return null;
  }

  /** What another serde expects, only that serde knows. */
  private static void check(Settings settings, Map<String, String> own) {
    try {
      RegistryConfig.from(own);
    } catch (ConfigException e) {
      String key =
          own.keySet().stream()
              .filter(name -> e.getMessage().contains(name))
              .max(Comparator.comparingInt(String::length))
              .orElse(null);
      if (key != null) {
        throw settings.refused("serde." + key, e.getMessage());
      }
      throw new UserError("serde.* cannot be used: " + e.getMessage(), e);
    }
  }
}
