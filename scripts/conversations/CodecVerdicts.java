/*
 * What Apache Kafka's own classes say of compressed records: for each line "magic codec hex", a payload
 * that should hold one record, the error code that its producer would get. Of magic 0 and 1, which Kafka
 * only reads, whether the stream can be read to its end.
 */
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;

public class CodecVerdicts {
  static final int HEADER_SIZE = 61;

  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      byte magic = Byte.parseByte(words[0]);
      CompressionType type = CompressionType.forName(words[1]);
      byte[] payload = words.length < 3 ? new byte[0] : HexFormat.of().parseHex(words[2]);
      int code = 0;
      try {
        if (magic < 2) drain(type, magic, payload);
        else validate(type, payload);
      } catch (Throwable e) {
        // The broker answers for errors of the machine as well: an allocation that cannot be is one.
        code = Errors.forException(e).code();
      }
      System.out.println(code);
    }
  }

  static void drain(CompressionType type, byte magic, byte[] payload) throws Exception {
    InputStream in = Compression.of(type).build().wrapForInput(ByteBuffer.wrap(payload), magic, BufferSupplier.create());
    byte[] window = new byte[4096];
    while (in.read(window) >= 0) {}
  }

  static void validate(CompressionType type, byte[] payload) {
    ByteBuffer batch = ByteBuffer.allocate(HEADER_SIZE + payload.length);
    batch.putLong(0).putInt(HEADER_SIZE - 12 + payload.length).putInt(-1).put((byte) 2).putInt(0);
    batch.putShort((short) type.id).putInt(0).putLong(1_700_000_000_000L).putLong(1_700_000_000_000L);
    batch.putLong(-1).putShort((short) -1).putInt(-1).putInt(1).put(payload).flip();
    LogValidator.MetricsRecorder nobody = new LogValidator.MetricsRecorder() {
      public void recordInvalidMagic() {}
      public void recordInvalidOffset() {}
      public void recordInvalidSequence() {}
      public void recordInvalidChecksums() {}
      public void recordNoKeyCompactedTopic() {}
    };
    new LogValidator(MemoryRecords.readableRecords(batch), new TopicPartition("t", 0), Time.SYSTEM, type,
      Compression.of(type).build(), false, (byte) 2, TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, 0,
      AppendOrigin.CLIENT).validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), nobody, BufferSupplier.create());
  }
}
