// ParleyChat
