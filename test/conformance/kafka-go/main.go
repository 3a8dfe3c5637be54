// kafka-go: negotiated versions by Writer and Client, old and fixed ones by Reader, Conn and its groups.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sort"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

func client() *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(bootstrap), Timeout: 20 * time.Second}
}

func topicOf(ctx context.Context, partitions int) string {
	topic := fresh("topic")
	answer, err := client().CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	must(err)
	must(answer.Errors[topic])
	return topic
}

func send(ctx context.Context, topic string, messages []kafka.Message, change ...func(*kafka.Writer)) error {
	writer := &kafka.Writer{Addr: kafka.TCP(bootstrap), Topic: topic, BatchTimeout: 5 * time.Millisecond, RequiredAcks: kafka.RequireAll}
	for _, each := range change {
		each(writer)
	}
	defer writer.Close()
	return writer.WriteMessages(ctx, messages...)
}

func numbered(count int) []kafka.Message {
	all := make([]kafka.Message, count)
	for n := range all {
		all[n] = kafka.Message{Value: []byte(fmt.Sprint(n))}
	}
	return all
}

func readerOf(change func(*kafka.ReaderConfig)) *kafka.Reader {
	config := kafka.ReaderConfig{
		Brokers: []string{bootstrap}, MaxWait: 100 * time.Millisecond, HeartbeatInterval: 200 * time.Millisecond,
		StartOffset: kafka.FirstOffset, MaxBytes: 10_000_000,
	}
	change(&config)
	return kafka.NewReader(config)
}

func take(ctx context.Context, reader *kafka.Reader, count int) []kafka.Message {
	got := []kafka.Message{}
	for len(got) < count {
		message, err := reader.ReadMessage(ctx)
		must(err)
		got = append(got, message)
	}
	return got
}

func readAll(ctx context.Context, topic string, count int) []kafka.Message {
	reader := readerOf(func(config *kafka.ReaderConfig) { config.Topic = topic })
	defer reader.Close()
	return take(ctx, reader, count)
}

func valuesOf(messages []kafka.Message) []string {
	all := []string{}
	for _, message := range messages {
		all = append(all, string(message.Value))
	}
	return all
}

func createTopic(ctx context.Context) {
	topic := topicOf(ctx, 3)
	metadata, err := client().Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	must(err)
	same(len(metadata.Topics[0].Partitions), 3, "partitions")
	again, err := client().CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}}})
	must(err)
	same(errors.Is(again.Errors[topic], kafka.TopicAlreadyExists), true, "refused as present")
}

func fields(ctx context.Context) {
	topic := topicOf(ctx, 1)
	must(send(ctx, topic, []kafka.Message{
		{Key: []byte("a"), Value: []byte("one"), Time: time.UnixMilli(1_700_000_000_000), Headers: []kafka.Header{{Key: "h", Value: []byte("x")}}},
		{},
	}))
	got := readAll(ctx, topic, 2)
	same([]any{string(got[0].Key), string(got[0].Value), string(got[0].Headers[0].Value), got[0].Time.UnixMilli()},
		[]any{"a", "one", "x", int64(1_700_000_000_000)}, "the first")
	same([]any{len(got[1].Key), len(got[1].Value)}, []any{0, 0}, "the second")
}

func produces(codec kafka.Compression) func(context.Context) {
	return func(ctx context.Context) {
		topic := topicOf(ctx, 1)
		must(send(ctx, topic, numbered(300), func(writer *kafka.Writer) { writer.Compression = codec }))
		same(valuesOf(readAll(ctx, topic, 300)), values(300), "values")
	}
}

func acks(ctx context.Context) {
	topic := topicOf(ctx, 1)
	for _, each := range []kafka.RequiredAcks{kafka.RequireNone, kafka.RequireOne, kafka.RequireAll} {
		must(send(ctx, topic, numbered(1), func(writer *kafka.Writer) { writer.RequiredAcks = each }))
	}
	same(len(readAll(ctx, topic, 3)), 3, "records")
}

func createdByWriter(ctx context.Context) {
	topic := fresh("wished")
	for {
		err := send(ctx, topic, numbered(3), func(writer *kafka.Writer) { writer.AllowAutoTopicCreation = true })
		if err == nil {
			break
		}
		// Its own word for a topic that is not there yet.
		same(errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, kafka.LeaderNotAvailable), true, err.Error())
		must(ctx.Err())
	}
	same(valuesOf(readAll(ctx, topic, 3)), values(3), "values")
}

// The connection that its users write to by hand.
func connection(ctx context.Context) {
	topic := topicOf(ctx, 1)
	conn, err := kafka.DialLeader(ctx, "tcp", bootstrap, topic, 0)
	must(err)
	defer conn.Close()
	must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	_, err = conn.WriteMessages(numbered(10)...)
	must(err)
	_, err = conn.WriteCompressedMessages(kafka.Snappy.Codec(), numbered(10)...)
	must(err)
	first, last, err := conn.ReadOffsets()
	must(err)
	same([]int64{first, last}, []int64{0, 20}, "offsets")
	_, err = conn.Seek(0, kafka.SeekStart)
	must(err)
	batch := conn.ReadBatch(1, 1_000_000)
	got := []string{}
	for len(got) < 10 {
		message, err := batch.ReadMessage()
		must(err)
		got = append(got, string(message.Value))
	}
	must(batch.Close())
	same(got, values(10), "values")
	partitions, err := conn.ReadPartitions(topic)
	must(err)
	same(len(partitions), 1, "partitions")
	controller, err := conn.Controller()
	must(err)
	same(net.JoinHostPort(controller.Host, fmt.Sprint(controller.Port)), bootstrap, "the controller")
}

func byTimestamp(ctx context.Context) {
	topic := topicOf(ctx, 1)
	messages := numbered(10)
	for n := range messages {
		messages[n].Time = time.UnixMilli(1_700_000_000_000 + int64(n)*1000)
	}
	must(send(ctx, topic, messages))
	answer, err := client().ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0), kafka.TimeOffsetOf(0, time.UnixMilli(1_700_000_003_500))}}})
	must(err)
	found := answer.Topics[topic][0]
	same([]int64{found.FirstOffset, found.LastOffset}, []int64{0, 10}, "ends")
	_, isFound := found.Offsets[4]
	same(isFound, true, fmt.Sprint("the offset of its time: ", found.Offsets))
	reader := readerOf(func(config *kafka.ReaderConfig) { config.Topic = topic })
	defer reader.Close()
	must(reader.SetOffsetAt(ctx, time.UnixMilli(1_700_000_003_500)))
	same(valuesOf(take(ctx, reader, 6)), values(10)[4:], "records from then on")
}

func twoMembers(ctx context.Context) {
	topic, group := topicOf(ctx, 4), fresh("group")
	member := func() *kafka.Reader {
		return readerOf(func(config *kafka.ReaderConfig) {
			config.GroupID, config.GroupTopics = group, []string{topic}
		})
	}
	shares := func(expected ...int) func() bool {
		return func() bool {
			answer, err := client().DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
			must(err)
			actual := []int{}
			for _, each := range answer.Groups[0].Members {
				count := 0
				for _, topic := range each.MemberAssignments.Topics {
					count += len(topic.Partitions)
				}
				actual = append(actual, count)
			}
			sort.Ints(actual)
			return answer.Groups[0].GroupState == "Stable" && fmt.Sprint(actual) == fmt.Sprint(expected)
		}
	}
	first := member()
	eventually(ctx, shares(4))
	second := member()
	eventually(ctx, shares(2, 2))
	must(first.Close())
	eventually(ctx, shares(4))
	must(second.Close())
}

func committed(ctx context.Context) {
	topic, group := topicOf(ctx, 1), fresh("group")
	must(send(ctx, topic, numbered(10)))
	reader := func() *kafka.Reader {
		return readerOf(func(config *kafka.ReaderConfig) { config.GroupID, config.Topic = group, topic })
	}
	first := reader()
	for n := 0; n < 10; n++ {
		message, err := first.FetchMessage(ctx)
		must(err)
		if n == 6 {
			must(first.CommitMessages(ctx, message))
		}
	}
	must(first.Close())
	fetched, err := client().OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0}}})
	must(err)
	same(fetched.Topics[topic][0].CommittedOffset, int64(7), "committed")
	ends, err := client().ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(0)}}})
	must(err)
	same(ends.Topics[topic][0].LastOffset-fetched.Topics[topic][0].CommittedOffset, int64(3), "lag")
	second := reader()
	same(valuesOf(take(ctx, second, 3)), values(10)[7:], "from what was committed")
	must(second.Close())
	listed, err := client().ListGroups(ctx, &kafka.ListGroupsRequest{})
	must(err)
	isListed := false
	for _, each := range listed.Groups {
		isListed = isListed || each.GroupID == group
	}
	same(isListed, true, "listed")
	deleted, err := client().DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
	must(err)
	must(deleted.Errors[group])
}

func configs(ctx context.Context) {
	topic := topicOf(ctx, 1)
	value := func() string {
		answer, err := client().DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
			{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms"}}}})
		must(err)
		return answer.Resources[0].ConfigEntries[0].ConfigValue
	}
	same(value(), "604800000", "as made")
	changed, err := client().IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "120000", ConfigOperation: kafka.ConfigOperationSet}}}}})
	must(err)
	must(changed.Resources[0].Error)
	same(value(), "120000", "as altered")
	_, err = client().AlterConfigs(ctx, &kafka.AlterConfigsRequest{Resources: []kafka.AlterConfigRequestResource{
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, Configs: []kafka.AlterConfigRequestConfig{{Name: "retention.ms", Value: "180000"}}}}})
	must(err)
	same(value(), "180000", "replaced")
}

func topics(ctx context.Context) {
	topic := topicOf(ctx, 1)
	_, err := client().CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 3}}})
	must(err)
	partitions := func() int {
		metadata, err := client().Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		must(err)
		return len(metadata.Topics[0].Partitions)
	}
	eventually(ctx, func() bool { return partitions() == 3 })
	deleted, err := client().DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	must(err)
	must(deleted.Errors[topic])
	eventually(ctx, func() bool { return partitions() == 0 })
}

func operations(ctx context.Context) {
	topic := topicOf(ctx, 1)
	versions, err := client().ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	must(err)
	must(versions.Error)
	_, err = client().ElectLeaders(ctx, &kafka.ElectLeadersRequest{Topic: topic, Partitions: []int{0}})
	must(err)
	_, err = client().ListPartitionReassignments(ctx, &kafka.ListPartitionReassignmentsRequest{
		Topics: map[string]kafka.ListPartitionReassignmentsRequestTopic{topic: {PartitionIndexes: []int{0}}}})
	must(err)
	name := fresh("quota")
	_, err = client().AlterClientQuotas(ctx, &kafka.AlterClientQuotasRequest{Entries: []kafka.AlterClientQuotaEntry{{
		Entities: []kafka.AlterClientQuotaEntity{{EntityType: "client-id", EntityName: name}},
		Ops:      []kafka.AlterClientQuotaOps{{Key: "producer_byte_rate", Value: 1_000_000}}}}})
	must(err)
	eventually(ctx, func() bool {
		quotas, err := client().DescribeClientQuotas(ctx, &kafka.DescribeClientQuotasRequest{
			Components: []kafka.DescribeClientQuotasRequestComponent{{EntityType: "client-id", MatchType: 0, Match: name}}})
		must(err)
		return len(quotas.Entries) == 1
	})
}

func idempotent(ctx context.Context) {
	eventually(ctx, func() bool {
		answer, err := client().InitProducerID(ctx, &kafka.InitProducerIDRequest{})
		must(err)
		// Kafka fetches its first block of ids at the first question.
		return answer.Error == nil && answer.Producer.ProducerID >= 0
	})
}

func tooLarge(ctx context.Context) {
	topic := topicOf(ctx, 1)
	err := send(ctx, topic, []kafka.Message{{Value: []byte(strings.Repeat("x", 2_000_000))}},
		func(writer *kafka.Writer) { writer.BatchBytes = 3_000_000 })
	var all kafka.WriteErrors
	isRefused := errors.Is(err, kafka.MessageSizeTooLarge) || errors.As(err, &all) && errors.Is(all[0], kafka.MessageSizeTooLarge)
	same(isRefused, true, fmt.Sprintf("refused: %v", err))
}

func main() {
	cases := []testCase{{"create a topic", createTopic}, {"keys, headers and nulls", fields}, {"produce with codec none", produces(0)}}
	for _, codec := range []kafka.Compression{kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		cases = append(cases, testCase{"produce with codec " + codec.String(), produces(codec)})
	}
	run(append(cases,
		testCase{"acks 0, 1 and all", acks},
		testCase{"a topic that its writer makes", createdByWriter},
		testCase{"a connection written to and read by hand", connection},
		testCase{"a producer id", idempotent},
		testCase{"consume by timestamp", byTimestamp},
		testCase{"two members share a group", twoMembers},
		testCase{"committed offsets and lag, and the group's end", committed},
		testCase{"describe and alter configs", configs},
		testCase{"more partitions, delete topics", topics},
		testCase{"versions, elections, reassignments, quotas", operations},
		testCase{"a message that is too large is refused", tooLarge},
	))
}
