// ParleyWeb
