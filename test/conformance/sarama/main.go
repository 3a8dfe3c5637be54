// sarama: versions by its own table, for the release of Kafka that it is told.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

func config(change ...func(*sarama.Config)) *sarama.Config {
	made := sarama.NewConfig()
	made.Producer.Return.Successes = true
	made.Consumer.Offsets.Initial = sarama.OffsetOldest
	made.Consumer.Group.Heartbeat.Interval = 200 * time.Millisecond
	made.Consumer.MaxWaitTime = 100 * time.Millisecond
	made.Producer.Partitioner = sarama.NewManualPartitioner
	for _, each := range change {
		each(made)
	}
	return made
}

func administration(change ...func(*sarama.Config)) sarama.ClusterAdmin {
	made, err := sarama.NewClusterAdmin([]string{bootstrap}, config(change...))
	must(err)
	return made
}

func topicOf(partitions int32) string {
	admin := administration()
	defer admin.Close()
	topic := fresh("topic")
	must(admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false))
	return topic
}

func send(topic string, messages []*sarama.ProducerMessage, change ...func(*sarama.Config)) error {
	producer, err := sarama.NewSyncProducer([]string{bootstrap}, config(change...))
	must(err)
	defer producer.Close()
	for _, message := range messages {
		message.Topic = topic
	}
	return producer.SendMessages(messages)
}

func numbered(count int) []*sarama.ProducerMessage {
	all := make([]*sarama.ProducerMessage, count)
	for n := range all {
		all[n] = &sarama.ProducerMessage{Value: sarama.StringEncoder(fmt.Sprint(n))}
	}
	return all
}

func readAll(ctx context.Context, topic string, count int, from int64, change ...func(*sarama.Config)) []*sarama.ConsumerMessage {
	consumer, err := sarama.NewConsumer([]string{bootstrap}, config(change...))
	must(err)
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, from)
	must(err)
	defer partition.Close()
	got := []*sarama.ConsumerMessage{}
	for len(got) < count {
		select {
		case message := <-partition.Messages():
			got = append(got, message)
		case <-ctx.Done():
			panic(ctx.Err())
		}
	}
	return got
}

func valuesOf(messages []*sarama.ConsumerMessage) []string {
	all := []string{}
	for _, message := range messages {
		all = append(all, string(message.Value))
	}
	return all
}

// member is a member of a group that remembers what it owns and has read.
type member struct {
	group sarama.ConsumerGroup
	stop  context.CancelFunc
	done  sync.WaitGroup
	lock  sync.Mutex
	owned int
	read  []string
}

func join(ctx context.Context, group, topic string, change ...func(*sarama.Config)) *member {
	made, err := sarama.NewConsumerGroup([]string{bootstrap}, group, config(change...))
	must(err)
	own, stop := context.WithCancel(ctx)
	joined := &member{group: made, stop: stop}
	joined.done.Add(1)
	go func() {
		defer joined.done.Done()
		for own.Err() == nil {
			_ = made.Consume(own, []string{topic}, joined)
		}
	}()
	return joined
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.owned = 0
	for _, partitions := range session.Claims() {
		m.owned += len(partitions)
	}
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		m.lock.Lock()
		m.read = append(m.read, string(message.Value))
		m.lock.Unlock()
		session.MarkMessage(message, "")
	}
	return nil
}

func (m *member) owns(count int) func() bool {
	return func() bool {
		m.lock.Lock()
		defer m.lock.Unlock()
		return m.owned == count
	}
}

func (m *member) hasRead(count int) func() bool {
	return func() bool {
		m.lock.Lock()
		defer m.lock.Unlock()
		return len(m.read) == count
	}
}

func (m *member) leave() {
	m.stop()
	m.done.Wait()
	must(m.group.Close())
}

func createTopic(context.Context) {
	topic := topicOf(3)
	admin := administration()
	defer admin.Close()
	described, err := admin.DescribeTopics([]string{topic})
	must(err)
	same(len(described[0].Partitions), 3, "partitions")
	err = admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	same(errors.Is(err, sarama.ErrTopicAlreadyExists), true, fmt.Sprintf("refused as present: %v", err))
}

func fields(ctx context.Context) {
	topic := topicOf(1)
	must(send(topic, []*sarama.ProducerMessage{
		{Key: sarama.StringEncoder("a"), Value: sarama.StringEncoder("one"), Timestamp: time.UnixMilli(1_700_000_000_000),
			Headers: []sarama.RecordHeader{{Key: []byte("h"), Value: []byte("x")}}},
		{},
	}))
	got := readAll(ctx, topic, 2, 0)
	same([]any{string(got[0].Key), string(got[0].Value), string(got[0].Headers[0].Value), got[0].Timestamp.UnixMilli()},
		[]any{"a", "one", "x", int64(1_700_000_000_000)}, "the first")
	same([]any{got[1].Key == nil, got[1].Value == nil}, []any{true, true}, "the second is null")
}

func produces(codec sarama.CompressionCodec, isIdempotent bool, version sarama.KafkaVersion) func(context.Context) {
	return func(ctx context.Context) {
		topic := topicOf(1)
		change := func(made *sarama.Config) {
			made.Version = version
			made.Producer.Compression = codec
			if isIdempotent {
				made.Producer.Idempotent = true
				made.Producer.RequiredAcks = sarama.WaitForAll
				made.Net.MaxOpenRequests = 1
			}
		}
		must(send(topic, numbered(300), change))
		same(valuesOf(readAll(ctx, topic, 300, 0, change)), values(300), "values")
	}
}

func acks(ctx context.Context) {
	topic := topicOf(1)
	for _, each := range []sarama.RequiredAcks{sarama.NoResponse, sarama.WaitForLocal, sarama.WaitForAll} {
		must(send(topic, numbered(1), func(made *sarama.Config) { made.Producer.RequiredAcks = each }))
	}
	same(len(readAll(ctx, topic, 3, 0)), 3, "records")
}

func byTimestamp(ctx context.Context) {
	topic := topicOf(1)
	messages := numbered(10)
	for n, message := range messages {
		message.Timestamp = time.UnixMilli(1_700_000_000_000 + int64(n)*1000)
	}
	must(send(topic, messages))
	client, err := sarama.NewClient([]string{bootstrap}, config())
	must(err)
	defer client.Close()
	for timestamp, expected := range map[int64]int64{1_700_000_003_500: 4, sarama.OffsetOldest: 0, sarama.OffsetNewest: 10} {
		offset, err := client.GetOffset(topic, 0, timestamp)
		must(err)
		same(offset, expected, fmt.Sprint("the offset at ", timestamp))
	}
	same(valuesOf(readAll(ctx, topic, 6, 4)), values(10)[4:], "records from then on")
}

func twoMembers(change func(*sarama.Config)) func(context.Context) {
	return func(ctx context.Context) {
		topic, group := topicOf(4), fresh("group")
		first := join(ctx, group, topic, change)
		eventually(ctx, first.owns(4))
		second := join(ctx, group, topic, change)
		eventually(ctx, func() bool { return first.owns(2)() && second.owns(2)() })
		first.leave()
		eventually(ctx, second.owns(4))
		second.leave()
	}
}

func committed(ctx context.Context) {
	topic, group := topicOf(1), fresh("group")
	must(send(topic, numbered(10)))
	first := join(ctx, group, topic)
	eventually(ctx, first.hasRead(10))
	first.leave()
	admin := administration()
	defer admin.Close()
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
	must(err)
	same(offsets.GetBlock(topic, 0).Offset, int64(10), "committed")
	must(send(topic, numbered(3)))
	client, err := sarama.NewClient([]string{bootstrap}, config())
	must(err)
	defer client.Close()
	end, err := client.GetOffset(topic, 0, sarama.OffsetNewest)
	must(err)
	same(end-offsets.GetBlock(topic, 0).Offset, int64(3), "lag")
	second := join(ctx, group, topic)
	eventually(ctx, second.hasRead(3))
	second.leave()
	must(admin.DeleteConsumerGroupOffset(group, topic, 0))
	must(admin.DeleteConsumerGroup(group))
	groups, err := admin.ListConsumerGroups()
	must(err)
	_, isListed := groups[group]
	same(isListed, false, "listed after its end")
}

func configs(context.Context) {
	topic := topicOf(1)
	admin := administration()
	defer admin.Close()
	value := func(name string) string {
		entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: topic})
		must(err)
		for _, each := range entries {
			if each.Name == name {
				return fmt.Sprint(each.Value, " ", each.Source)
			}
		}
		return "absent"
	}
	same(value("retention.ms"), "604800000 Default", "as made")
	text := "120000"
	must(admin.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &text}}, false))
	same(value("retention.ms"), "120000 Topic", "as altered")
	must(admin.AlterConfig(sarama.TopicResource, topic, map[string]*string{"retention.bytes": &text}, false))
	same(value("retention.ms"), "604800000 Default", "the whole replaced")
}

func topics(ctx context.Context) {
	topic := topicOf(1)
	must(send(topic, numbered(10)))
	admin := administration()
	defer admin.Close()
	must(admin.CreatePartitions(topic, 3, nil, false))
	described, err := admin.DescribeTopics([]string{topic})
	must(err)
	same(len(described[0].Partitions), 3, "partitions")
	must(admin.DeleteRecords(topic, map[int32]int64{0: 4}))
	same(valuesOf(readAll(ctx, topic, 6, sarama.OffsetOldest)), values(10)[4:], "what is left")
	must(admin.DeleteTopic(topic))
	eventually(ctx, func() bool {
		all, err := admin.ListTopics()
		must(err)
		_, isListed := all[topic]
		return !isListed
	})
}

func operations(ctx context.Context) {
	topic := topicOf(1)
	admin := administration()
	defer admin.Close()
	brokers, controller, err := admin.DescribeCluster()
	must(err)
	same([]int32{int32(len(brokers)), brokers[0].ID()}, []int32{1, controller}, "the cluster")
	directories, err := admin.DescribeLogDirs([]int32{controller})
	must(err)
	same(len(directories[controller]), 1, "log directories")
	_, err = admin.ListPartitionReassignments(topic, []int32{0})
	must(err)
	_, err = admin.ElectLeaders(sarama.PreferredElection, map[string][]int32{topic: {0}})
	must(err)
	name := fresh("quota")
	entity := []sarama.QuotaEntityComponent{{EntityType: sarama.QuotaEntityClientID, MatchType: sarama.QuotaMatchExact, Name: name}}
	must(admin.AlterClientQuotas(entity, sarama.ClientQuotasOp{Key: "producer_byte_rate", Value: 1_000_000}, false))
	eventually(ctx, func() bool {
		quotas, err := admin.DescribeClientQuotas([]sarama.QuotaFilterComponent{
			{EntityType: sarama.QuotaEntityClientID, MatchType: sarama.QuotaMatchExact, Match: name}}, true)
		must(err)
		return len(quotas) == 1 && quotas[0].Values["producer_byte_rate"] == 1_000_000
	})
}

func tooLarge(context.Context) {
	err := send(topicOf(1), []*sarama.ProducerMessage{{Value: sarama.StringEncoder(strings.Repeat("x", 2_000_000))}},
		func(made *sarama.Config) { made.Producer.MaxMessageBytes = 3_000_000 })
	var all sarama.ProducerErrors
	same(errors.As(err, &all) && errors.Is(all[0].Err, sarama.ErrMessageSizeTooLarge), true, fmt.Sprintf("refused: %v", err))
}

func main() {
	cases := []testCase{{"create a topic", createTopic}, {"keys, headers and nulls", fields}}
	for _, codec := range []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
	} {
		cases = append(cases, testCase{fmt.Sprint("produce with codec ", codec), produces(codec, false, sarama.DefaultVersion)},
			testCase{fmt.Sprint("produce with codec ", codec, ", idempotent"), produces(codec, true, sarama.DefaultVersion)})
	}
	run(append(cases,
		testCase{"as a client of Kafka 0.11", produces(sarama.CompressionSnappy, false, sarama.V0_11_0_0)},
		testCase{"as a client of its newest Kafka", produces(sarama.CompressionZSTD, true, sarama.MaxVersion)},
		testCase{"acks 0, 1 and all", acks},
		testCase{"consume by timestamp", byTimestamp},
		testCase{"two members share a group", twoMembers(func(*sarama.Config) {})},
		testCase{"two members share a group, sticky", twoMembers(func(made *sarama.Config) {
			made.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategySticky()}
		})},
		testCase{"committed offsets and lag, and the group's end", committed},
		testCase{"describe and alter configs", configs},
		testCase{"more partitions, delete records, delete topics", topics},
		testCase{"cluster, log directories, reassignments, elections, quotas", operations},
		testCase{"a message that is too large is refused", tooLarge},
	))
}
