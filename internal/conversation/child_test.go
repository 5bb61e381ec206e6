package conversation_test

func child() bool { return false }
