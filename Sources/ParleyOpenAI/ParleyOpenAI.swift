// ParleyOpenAI
